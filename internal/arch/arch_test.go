// Package arch holds the tests that keep docs/architecture.md true: which package may import
// which, that every statement on an organization's tables names the organization, and the
// sizes code keeps.
package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/workdrive/workdrive/"

	maxFileLines     = 500
	maxTestFileLines = 800
	maxFuncLines     = 100
	maxParams        = 5
	maxMethods       = 25
	maxInterface     = 8
)

// source is one Go file.
type source struct {
	path string // "internal/module/post/store.go"
	dir  string
	test bool
	file *ast.File
	set  *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	for _, top := range []string{"cmd", "internal", "bench", "api", "migrations"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".go" {
				return err
			}
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			rel, _ := filepath.Rel(root, path)
			list = append(list, source{rel, filepath.Dir(rel), strings.HasSuffix(rel, "_test.go"), f, set})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(list) < 50 {
		t.Fatalf("found only %d files: the test looks in the wrong place", len(list))
	}
	return list
}

// forbidden says why one package may not import another; "" when it may.
func forbidden(from, to string) string {
	under := func(path, dir string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
	command := under(from, "cmd") || under(from, "bench")
	switch {
	case under(from, "internal/kernel") && !under(to, "internal/kernel") && to != "migrations":
		return "the kernel knows only itself"
	case under(from, "internal/module") && under(to, "internal/module") && from != to:
		return "modules never import modules"
	case under(from, "internal/module") && !under(to, "internal/kernel") && from != to:
		return "modules know only the kernel"
	case under(from, "internal/compat") && !under(to, "internal/kernel"):
		return "the table of spellings knows only the kernel"
	case under(from, "internal/console") && !under(to, "internal/kernel") && to != "internal/module/session" && !under(to, "internal/console"):
		return "the console asks the API, as clients do; of the modules it knows signing in alone"
	case to == "internal/kernel/config" && !command && !under(from, "internal/app") && !under(from, "internal/demo"):
		return "settings are read by commands and app alone"
	case under(to, "internal/app") && !command && !under(from, "internal/demo") && !under(from, "internal/app"):
		return "app is above everything but commands and the demo"
	}
	return ""
}

func TestImportsPointDownwards(t *testing.T) {
	for _, s := range sources(t) {
		if s.test { // tests may stand on testkit and on what they test
			continue
		}
		for _, imported := range s.file.Imports {
			path, _ := strconv.Unquote(imported.Path.Value)
			to, ours := strings.CutPrefix(path, module)
			if !ours {
				continue
			}
			if strings.HasPrefix(to, "internal/testkit") && !strings.HasPrefix(s.dir, "internal/testkit") && !strings.HasPrefix(s.dir, "bench") {
				t.Errorf("%s imports %s: test help stays in tests", s.path, to)
			} else if why := forbidden(s.dir, to); why != "" {
				t.Errorf("%s imports %s: %s", s.path, to, why)
			}
		}
	}
}

// tenantTables belong to an organization: every statement on them names org_id.
var tenantTables = regexp.MustCompile(`(?i)\b(?:from|join|into|update)\s+(departments|locations|users|user_teams|user_locations|location_admins|follows|` +
	`security_groups|security_group_members|tokens|settings|categories|audiences|audience_clauses|content_counts|posts|comments|reactions|bookmarks|` +
	`idempotency_keys|outbox|link_previews|media|media_uses|` +
	`news|photos|videos|documents|faqs|content_people|faq_questions|acknowledgements|search_entries|media_texts|media_usage|` +
	`tasks|task_assignments|courses|course_enrolments|course_forms|course_submissions|` +
	`conversations|conversation_members|conversation_requests|messages|message_texts|message_reactions|meetings|meeting_people|` +
	`notifications|notification_batches|notification_told|notification_inbox|notification_deliveries|notification_devices|notification_preferences|` +
	`events|event_occurrences|event_people|event_guests|event_guest_answers|event_mails|event_feeds|calendar_subscriptions|external_events|` +
	`enforcement_templates|enforcement_reminders|enforcement_obligations|sso_tiles|sso_launches|sso_tokens|` +
	`sessions|sign_in_links|known_browsers|second_factors|recovery_codes|` +
	`presence|webhooks|webhook_deliveries|conversation_hooks|audit_entries|audit_heads|` +
	`identities|logout_tokens|scim_users|scim_groups|directory_entries)\b`)

// allOrganizations are the statements that mean every organization, with the reason.
var allOrganizations = map[string]string{
	"internal/kernel/bus/bus.go":           "a node trims the events of all organizations",
	"internal/kernel/api/idempotency.go":   "old answers of all organizations are forgotten",
	"internal/kernel/backup/restore.go":    "rows come back with the organization they had",
	"internal/module/session/tidy.go":      "what has served its time is deleted of all organizations",
	"internal/kernel/bus/log.go":           "the log is read once for all organizations, and handed out to each",
	"internal/module/webhook/store_all.go": "old deliveries of all organizations are deleted",
	"internal/module/identity/tidy.go":     "logout tokens that have expired are forgotten of all organizations",
}

func TestStatementsNameTheOrganization(t *testing.T) {
	found := 0
	for _, s := range sources(t) {
		if s.test || allOrganizations[s.path] != "" || strings.HasPrefix(s.path, "bench/") {
			continue
		}
		for _, decl := range s.file.Decls {
			// A statement may be put together of pieces: what counts is the whole of the
			// declaration or of the outermost expression.
			for _, text := range texts(decl, constants(s.file)) {
				if !tenantTables.MatchString(text) {
					continue
				}
				found++
				if !strings.Contains(text, "org_id") {
					t.Errorf("%s: a statement on %s does not name org_id:\n%s", s.path, tenantTables.FindStringSubmatch(text)[1], text)
				}
			}
		}
	}
	if found < 40 {
		t.Errorf("found only %d statements: the test does not see them", found)
	}
}

// constants gives the string constants of a file by name.
func constants(f *ast.File) map[string]string {
	known := map[string]string{}
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok && len(v.Names) == len(v.Values) {
			for i, name := range v.Names {
				known[name.Name] = literal(v.Values[i], nil)
			}
		}
		return true
	})
	return known
}

// texts gives the string literals of a declaration, those that are joined with + as one.
func texts(decl ast.Decl, known map[string]string) []string {
	var list []string
	ast.Inspect(decl, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		switch e.(type) {
		case *ast.BinaryExpr, *ast.BasicLit:
			if text := literal(e, known); text != "" {
				list = append(list, text)
			}
			return false
		}
		return true
	})
	return list
}

func literal(e ast.Expr, known map[string]string) string {
	switch x := e.(type) {
	case *ast.BinaryExpr:
		return literal(x.X, known) + " " + literal(x.Y, known)
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			s, _ := strconv.Unquote(x.Value)
			return s
		}
	case *ast.Ident:
		return known[x.Name]
	case *ast.CallExpr:
		var parts []string
		for _, a := range x.Args {
			parts = append(parts, literal(a, known))
		}
		return strings.Join(parts, " ")
	}
	return ""
}

func TestCodeKeepsItsSizes(t *testing.T) {
	methods := map[string]int{}
	for _, s := range sources(t) {
		if ast.IsGenerated(s.file) { // nobody reads it; what it is made of is read
			continue
		}
		lines := s.set.File(s.file.Pos()).LineCount()
		if limit := map[bool]int{false: maxFileLines, true: maxTestFileLines}[s.test]; lines > limit {
			t.Errorf("%s has %d lines, more than %d: should it be two files?", s.path, lines, limit)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.FuncDecl:
				checkFunc(t, s, x, methods)
			case *ast.InterfaceType:
				if n := x.Methods.NumFields(); n > maxInterface && !s.test {
					t.Errorf("%s: an interface has %d methods, more than %d", s.path, n, maxInterface)
				}
			}
			return true
		})
	}
	for receiver, n := range methods {
		if n > maxMethods {
			t.Errorf("%s has %d exported methods, more than %d", receiver, n, maxMethods)
		}
	}
}

func checkFunc(t *testing.T, s source, f *ast.FuncDecl, methods map[string]int) {
	t.Helper()
	lines := s.set.Position(f.End()).Line - s.set.Position(f.Pos()).Line + 1
	if lines > maxFuncLines {
		t.Errorf("%s: %s has %d lines, more than %d", s.path, f.Name.Name, lines, maxFuncLines)
	}
	if n := f.Type.Params.NumFields(); n > maxParams+2 && !s.test { // ctx and the transaction, then five
		t.Errorf("%s: %s has %d parameters, more than %d besides the context and the transaction", s.path, f.Name.Name, n, maxParams)
	}
	if f.Recv != nil && !s.test {
		receiver := f.Recv.List[0].Type
		if star, ok := receiver.(*ast.StarExpr); ok {
			receiver = star.X
		}
		if index, ok := receiver.(*ast.IndexExpr); ok {
			receiver = index.X
		}
		if name, ok := receiver.(*ast.Ident); ok {
			if f.Name.IsExported() {
				methods[s.dir+"."+name.Name]++
			}
		}
	}
}

func isExported(receiver ast.Expr) bool {
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	name, ok := receiver.(*ast.Ident)
	return !ok || name.IsExported()
}

// TestEverythingExportedIsExplained asks for a package comment and one sentence per exported
// declaration.
func TestEverythingExportedIsExplained(t *testing.T) {
	packages := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if _, ok := packages[s.dir]; !ok {
			packages[s.dir] = false
		}
		if s.file.Doc != nil {
			packages[s.dir] = true
		}
		for _, decl := range s.file.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && !strings.HasPrefix(s.path, "cmd/") && (d.Recv == nil || isExported(d.Recv.List[0].Type)) {
					t.Errorf("%s: %s is exported and not explained", s.path, d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && ts.Doc == nil && d.Doc == nil {
						t.Errorf("%s: %s is exported and not explained", s.path, ts.Name.Name)
					}
				}
			}
		}
	}
	for dir, explained := range packages {
		if !explained {
			t.Errorf("%s has no package comment", dir)
		}
	}
}
