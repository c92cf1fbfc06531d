// Package console is WorkDrive in a browser: pages that the server renders, and nothing to
// install.
//
// # One way in
//
// The console has no rules of its own. It signs people in (module/session) and then calls the
// operations of the API in this process, as the person whose session it is (api.As): a page shows
// what the API answers, a form sends what the API takes, and what the API refuses is said in
// words beside the field it names. Permissions, validation, visibility and limits are therefore
// those of the API, and the console cannot show more than its reader may read. See
// docs/adr/0020-console.md.
//
// The API itself takes no cookie: a page of another site cannot make a browser call it. Pages
// that change something take POST from this site alone.
//
// # Pages
//
// Every page works without script: links and forms do everything. Script (htmx and app.js, both
// embedded) adds what saves a reload: reactions, the audience preview, new messages, copying a
// key, local times. A stream (GET /live) tells it what has happened, which it then asks for; where
// there is no stream, pages ask from time to time. Times are those of the reader's profile. Nothing is loaded from elsewhere, and the content security policy allows
// nothing else: scripts carry a nonce, there are no inline styles and no handlers in attributes.
//
// Texts are English in the templates and are looked up in locales/<language>.json; the tests
// hold every language to be complete. Layout uses logical directions, so that languages which
// are read from the right need no style of their own.
//
// Templates are templ components (*.templ); `make generate` makes the *_templ.go beside them.
package console
