package db

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// fragments are the places where the engines' SQL differs. A statement writes {name}, or
// {name ?N} for a fragment that takes the Nth argument instead of the next.
var fragments = map[string][2]string{
	// u.id {in} with List(ids), n {inInts} with ListInts(numbers)
	"in":     {"IN (SELECT value FROM json_each(?))", "= ANY(?::text[])"},
	"inInts": {"IN (SELECT value FROM json_each(?))", "= ANY(?::bigint[])"},
	// FROM {each} {thenJoin} posts p ON p.org_id = ? AND p.id = n.value, with List(ids): for a
	// statement that needs only columns of an index, where SQLite answers {in} by reading all of it.
	"each": {"json_each(?) n", "unnest(?::text[]) n(value)"},
	// a {thenJoin} b ON …: for each row of a, look b up. SQLite has no statistics and may
	// begin with the larger table; its CROSS JOIN keeps the order.
	"thenJoin": {"CROSS JOIN", "JOIN"},
	// a.{rowid}: the shortest way to a row of a table whose key is org_id and id, for going back
	// to it from a subquery. SQLite's index entries carry it.
	"rowid": {"rowid", "id"},
	// SELECT … {forUpdate} keeps other transactions from changing the rows. SQLite has
	// one writer.
	"forUpdate": {"", "FOR UPDATE"},
	// INSERT INTO t (…) {withSerial} VALUES gives numbers that the database hands out otherwise.
	"withSerial": {"", "OVERRIDING SYSTEM VALUE"},
	// The same, leaving out what others have locked: for workers that share a queue.
	"skipLocked": {"", "FOR UPDATE SKIP LOCKED"},
}

// maxBound bounds the cache of translated statements.
const maxBound = 4096

// binder translates statements to an engine's dialect and remembers the result.
type binder struct {
	engine Engine
	mu     sync.RWMutex
	known  map[string]bound
}

// bound is a translated statement. order maps each parameter of the text to the argument
// it takes; nil when that is one to one.
type bound struct {
	text  string
	order []int
}

func (b *binder) bind(query string, args []any) (string, []any, error) {
	b.mu.RLock()
	t, ok := b.known[query]
	b.mu.RUnlock()
	if !ok {
		var err error
		if t, err = translate(b.engine, query); err != nil {
			return "", nil, err
		}
		b.mu.Lock()
		if len(b.known) >= maxBound {
			clear(b.known)
		}
		b.known[query] = t
		b.mu.Unlock()
	}
	if t.order == nil {
		return t.text, args, nil
	}
	sorted := make([]any, len(t.order))
	for i, from := range t.order {
		if from >= len(args) {
			return "", nil, fmt.Errorf("db: statement has %d arguments and asks for the %dth: %s", len(args), from+1, query)
		}
		sorted[i] = args[from]
	}
	return t.text, sorted, nil
}

// translate replaces fragments and, for PostgreSQL, parameters. Parameters follow SQLite's
// rule: ?N is the Nth argument, ? the one after the highest so far. PostgreSQL wants every
// parameter used, so that they are numbered anew in the order of their first use.
func translate(engine Engine, query string) (bound, error) {
	query, err := expand(engine, query)
	if err != nil || engine == SQLite {
		return bound{text: query}, err
	}
	var out strings.Builder
	out.Grow(len(query) + 32)
	numbers := map[int]int{} // argument -> number in the text
	var order []int
	highest := 0
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch c {
		case '\'', '"':
			end := strings.IndexByte(query[i+1:], c)
			if end < 0 {
				return bound{}, fmt.Errorf("db: unclosed quote in %q", query)
			}
			out.WriteString(query[i : i+end+2])
			i += end + 1
		case '?':
			digits := i + 1
			for digits < len(query) && query[digits] >= '0' && query[digits] <= '9' {
				digits++
			}
			n := highest + 1
			if digits > i+1 {
				n, _ = strconv.Atoi(query[i+1 : digits])
			}
			highest = max(highest, n)
			if numbers[n] == 0 {
				order = append(order, n-1)
				numbers[n] = len(order)
			}
			out.WriteByte('$')
			out.WriteString(strconv.Itoa(numbers[n]))
			i = digits - 1
		default:
			out.WriteByte(c)
		}
	}
	if order == nil {
		order = []int{}
	}
	return bound{out.String(), order}, nil
}

func expand(engine Engine, query string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(query, "{")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, _ := strings.Cut(rest, "}")
		name, param, numbered := strings.Cut(name, " ")
		f, known := fragments[name]
		if !known || (numbered && !strings.HasPrefix(param, "?")) {
			name = strings.TrimSpace(name + " " + param)
			// Braces are JSON in a literal far more often than a misspelt fragment.
			if !strings.ContainsAny(name, `"':, `) && name != "" {
				return "", fmt.Errorf("db: unknown fragment {%s}", name)
			}
			out.WriteByte('{')
			query = rest
			continue
		}
		if !numbered {
			param = "?"
		}
		out.WriteString(strings.Replace(f[engine], "?", param, 1))
		query = after
	}
}
