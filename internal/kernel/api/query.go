package api

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// maxParameters bounds the parameters of a query, known or not.
const maxParameters = 200

// queryParameter is what the operation knows of a parameter.
type queryParameter struct {
	name string
	list bool // reads a=1,2, and a=1&a=2 as the same
	join bool // of the two forms, the layer behind reads a=1,2 only
}

func queryParameters(params []*huma.Param) []queryParameter {
	var list []queryParameter
	for _, p := range params {
		if p.In == "query" {
			isList := p.Schema != nil && p.Schema.Type == huma.TypeArray
			list = append(list, queryParameter{p.Name, isList, isList && (p.Explode == nil || !*p.Explode)})
		}
	}
	return list
}

// tidyQuery refuses a query that cannot be read in one way only, and writes a list given as
// a=1&a=2 as a=1,2, which the layer behind reads.
func tidyQuery(u *url.URL, known []queryParameter) error {
	if u.RawQuery == "" {
		return nil
	}
	if strings.Count(u.RawQuery, "&") >= maxParameters {
		return fault.New(fault.KindInvalid, "query.tooMany", "The query has too many parameters.")
	}
	var bad fault.Fields
	seen, repeated := uint64(0), false
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		sent, value, _ := strings.Cut(pair, "=")
		name, ok := unescaped(sent)
		if _, valueOK := unescaped(value); !ok || !valueOK || strings.Contains(pair, ";") {
			bad.Add("?"+strings.ToValidUTF8(sent, "?"), "field.characters", "This parameter is not percent-encoded UTF-8 text; NUL and bare semicolons are not taken.")
			continue
		}
		for i, p := range known {
			if p.name != name || i > 63 {
				continue
			}
			switch again := seen&(1<<i) != 0; {
			case again && p.list:
				repeated = repeated || p.join
			case again:
				bad.Add("?"+name, "field.duplicate", "This parameter is given twice.")
			}
			seen |= 1 << i
			break
		}
	}
	if repeated && bad.Empty() {
		join(u, known)
	}
	return bad.Err()
}

func unescaped(s string) (string, bool) {
	if strings.ContainsAny(s, "%+") {
		plain, err := url.QueryUnescape(s)
		if err != nil {
			return s, false
		}
		s = plain
	}
	return s, utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

func join(u *url.URL, known []queryParameter) {
	query := u.Query()
	for _, p := range known {
		if values := query[p.name]; p.join && len(values) > 1 {
			query.Set(p.name, strings.Join(values, ","))
		}
	}
	u.RawQuery = query.Encode()
}
