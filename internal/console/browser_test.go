package console_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// screen is a real browser. Whatever it writes to its console as an error, violations of the
// content security policy among them, fails the test.
type screen struct {
	*testing.T
	ctx context.Context
	r   *rig
}

// screen starts Debian's chromium. Without one the test is skipped; with CI=true that is a failure.
func (r *rig) screen(width, height int64) *screen {
	r.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			r.Fatal("no chromium here: scripts/test-deps installs it")
		}
		r.Skip("no chromium here: scripts/test-deps installs it")
	}
	started, stop := chromedp.NewExecAllocator(r.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox,
		chromedp.Flag("lang", "en"), chromedp.Env("TZ=UTC"), chromedp.WindowSize(int(width), int(height)))...)
	r.Cleanup(stop)
	ctx, end := chromedp.NewContext(started)
	r.Cleanup(end)
	s := &screen{T: r.T, ctx: ctx, r: r}
	err = chromedp.Do(ctx, chromedp.EmulateViewport(width, height), watchViolations)
	if err == nil {
		err = chromedp.Listen(ctx, func(event any) {
			switch e := event.(type) {
			case *runtime.EventExceptionThrown:
				r.Errorf("the page threw: %v", e.ExceptionDetails)
			case *page.EventJavascriptDialogOpening:
				r.Errorf("the page opened a dialog of the browser: %s", e.Message)
			}
		})
	}
	if err != nil {
		r.Fatal(err)
	}
	return s
}

// watchViolations keeps what the content security policy refuses.
func watchViolations(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: `window.violations = [];
		window.shifted = 0;
		new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifted += e.value; }).observe({type: "layout-shift", buffered: true});
		document.addEventListener("securitypolicyviolation", (e) => window.violations.push(e.violatedDirective + " " + e.blockedURI + " " + e.sourceFile));`})
	return chromedp.Void{}, err
}

// run does one thing in the browser, for as long as a person would wait.
func run[T any](s *screen, a chromedp.Action[T]) T {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, 30*time.Second)
	defer cancel()
	value, err := chromedp.Run(ctx, a)
	if err != nil {
		body, _ := chromedp.Run(s.ctx, chromedp.Text("body"))
		s.picture("failed")
		s.Fatalf("%v; the page says: %s", err, body)
	}
	return value
}

// open goes to a page.
func (s *screen) open(path string) {
	s.Helper()
	run(s, chromedp.Navigate(s.r.url+path))
}

// press clicks the link or button that says a text, and waits for the page to show another.
func (s *screen) press(text, then string) {
	s.Helper()
	run(s, chromedp.Click(`//*[self::a or self::button or self::summary][normalize-space(.)="`+text+`" or contains(@aria-label,"`+text+`")]`, chromedp.NodeVisible))
	s.see(then)
}

// see waits until the page shows a text.
func (s *screen) see(text string) {
	s.Helper()
	run(s, chromedp.WaitVisible(`//*[contains(normalize-space(.),"`+text+`") and not(*[contains(normalize-space(.),"`+text+`")])]`))
}

func (s *screen) fill(name, value string) {
	s.Helper()
	run(s, chromedp.Evaluate[chromedp.Void](`document.querySelector('[name="`+name+`"]').value = ""`))
	run(s, chromedp.SendKeys(`[name="`+name+`"]`, value))
}

func (s *screen) text(selector string) string {
	s.Helper()
	return strings.TrimSpace(run(s, chromedp.Text(selector)))
}

// shot looks at the page: it keeps a picture where WORKDRIVE_TEST_SCREENSHOTS says, and fails
// the test when the policy refused something or the page is wider than the screen.
func (s *screen) shot(name string) {
	s.Helper()
	if violations := run(s, chromedp.Evaluate[[]string](`window.violations ?? []`)); len(violations) > 0 {
		s.Errorf("%s: the policy refused %v", name, violations)
	}
	if run(s, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > document.documentElement.clientWidth`)) {
		s.Errorf("%s: the page is wider than the screen", name)
	}
	s.picture(name)
}

func (s *screen) picture(name string) {
	s.Helper()
	dir := os.Getenv("WORKDRIVE_TEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(s.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(s.Name(), "/", "-")+"-"+name+".png"), png, 0o600)
	}
	if err != nil {
		s.Error(err)
	}
}

func (s *screen) signIn(email string) {
	s.Helper()
	s.open("/login")
	s.fill("email", email)
	s.fill("password", password)
	s.press("Sign in", "Who sees it")
}

// TestFromSignInToAKeyThatWorks is the walk of the reference: Login, profile picture, Manage, the
// menu of a row, Api Access, Regenerate.
func TestFromSignInToAKeyThatWorks(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.person("Bela", "Abara")
	s := r.screen(1280, 800)
	s.open("/")
	s.see("Forgot your password?")
	s.shot("1-login")
	s.fill("email", "ada@lumen.example")
	s.fill("password", password)
	s.press("Sign in", "Nothing here yet.")
	s.shot("2-feed")
	s.press("Your account", "Manage")
	s.shot("3-menu")
	s.press("Manage", "bela@lumen.example")
	s.press("Actions for Bela Abara", "API Access")
	s.shot("4-row-menu")
	s.press("API Access", "No key yet.")
	s.press("Regenerate", "shown this once")
	key := s.text("#secret")
	s.shot("5-key")
	if status, me := r.api(key, "GET", "/api/users/me", ""); status != 200 || me["firstName"] != "Bela" {
		t.Errorf("the key answers %d %v", status, me)
	}
	s.press("Regenerate", "The earlier one stops working at once.")
	s.shot("6-confirm")
	s.press("Continue", "shown this once")
	if second := s.text("#secret"); second == key {
		t.Error("the key is the same")
	}
	if status, _ := r.api(key, "GET", "/api/users/me", ""); status != 401 {
		t.Errorf("the earlier key answers %d", status)
	}
}

// TestPagesStandStill measures how far what is on a page moves by itself while it is built.
func TestPagesStandStill(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	s := r.screen(1280, 800)
	s.signIn("ada@lumen.example")
	for _, path := range []string{"/", "/calendar", "/events/" + ids["series"], "/chats/" + ids["chat"], "/settings", "/manage/people", "/manage/audit"} {
		s.open(path)
		const settled = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(window.shifted), 100))))`
		if moved := run(s, chromedp.Evaluate[float64](settled, chromedp.EvalAwaitPromise)); moved > 0.02 {
			t.Errorf("%s moves by %.3f", path, moved)
		}
	}
}

// TestAnEventAndAPicture makes an event, answers it, and gives its organizer a picture.
func TestAnEventAndAPicture(t *testing.T) {
	t.Parallel()
	r := newRig(t, false, push)
	ids := r.furnish()
	r.mentioned(ids["person"])
	s := r.screen(1280, 800)
	s.signIn("ada@lumen.example")
	s.press("Calendar", "New event")
	s.press("New event", "Invite people")
	s.fill("title", "Harbour walk")
	run(s, chromedp.Evaluate[chromedp.Void](`for (const [name, value] of [["startDateTime", "2026-11-26T14:00"], ["endDateTime", "2026-11-26T15:30"]]) document.querySelector("[name=" + name + "]").value = value`))
	run(s, chromedp.SendKeys(`#find-invited`, "bel"))
	s.see("Bela Abara")
	run(s, chromedp.Click(`.found input[name="invited"]`))
	s.shot("event-form")
	s.press("Create", "The event is in the calendar.")
	s.see("Thursday, 26 November 2026, 14:00 to 15:30")
	s.press("I come", "Your answer is kept.")
	s.shot("event")
	s.open("/calendar?view=week&date=2026-11-26")
	run(s, chromedp.WaitVisible(`//a[contains(.,"Harbour walk")]`))

	picture := filepath.Join(t.TempDir(), "face.png")
	if err := os.WriteFile(picture, []byte(face), 0o600); err != nil {
		t.Fatal(err)
	}
	s.open("/profile")
	run(s, chromedp.SetUploadFiles(`#u-fileId`, []string{picture}))
	s.see("The file is here.")
	s.press("Save", "Your profile is saved.")
	run(s, chromedp.WaitVisible(`.top img.avatar`))
	s.shot("picture")

	s.open("/settings/notifications")
	s.see("Push messages to this browser")
	if !run(s, chromedp.Evaluate[bool](`navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then((r) => r.active !== null)`, chromedp.EvalAwaitPromise)) {
		t.Error("the service worker does not run")
	}
	s.shot("push")
}

// TestNotificationsAndChatsAreLive watches pages that nobody reloads: the stream tells them long before
// they would ask.
func TestNotificationsAndChatsAreLive(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	listening, stop := context.WithCancel(r.Context())
	var over sync.WaitGroup
	over.Go(func() { _ = r.app.Streams.Run(listening) })
	t.Cleanup(func() { stop(); over.Wait() })
	s := r.screen(1280, 800)
	s.signIn("ada@lumen.example")
	run(s, chromedp.WaitVisible(`#bell[aria-label="0 unread notifications"]`))
	r.browser().signIn("bela@lumen.example").post("/posts/"+ids["post"]+"/comments", "text", "Where is it?").want(200)
	r.tell()
	run(s, chromedp.WaitVisible(`#bell[aria-label="1 unread notification"]`)) // pages ask by themselves after a minute
	s.open("/notifications")
	s.see("commented")
	s.shot("inbox")
	s.open("/chats/" + ids["chat"])
	r.must("POST", "/api/"+ids["chat"]+"/messages", `{"message":"Told by the stream."}`)
	s.see("Told by the stream.")
	s.shot("live")
}

// darken makes the browser prefer dark pages.
func (s *screen) darken() {
	s.Helper()
	run(s, func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
		})
		return chromedp.Void{}, err
	})
}

// TestScriptSavesReloads walks through what pages gain from script.
func TestScriptSavesReloads(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	ids := r.furnish()
	s := r.screen(1280, 800)
	s.signIn("ada@lumen.example")
	run(s, chromedp.Evaluate[chromedp.Void](`document.querySelector("#scope").value = "me"; document.querySelector("#scope").dispatchEvent(new Event("change", {bubbles: true}))`))
	s.see("1 person will see this")
	run(s, chromedp.Evaluate[chromedp.Void](`document.querySelector("#scope").value = "chosen"; document.querySelector("#scope").dispatchEvent(new Event("change", {bubbles: true}))`))
	run(s, chromedp.SendKeys(`#find-users`, "bel"))
	s.see("Bela Abara")
	run(s, chromedp.Click(`.found input[name="users"]`))
	s.see("2 people will see this") // the author, too
	s.shot("audience")
	s.fill("postText", "For Bela")
	s.press("Post", "Your post is out.")
	s.press("Celebrate: 0", "For Bela")
	run(s, chromedp.WaitVisible(`button[aria-label="Celebrate: 1"][aria-pressed="true"]`))
	s.open("/news/" + ids["news"])
	s.press("I have read it", "You have confirmed")
	s.shot("news")
	s.open("/chats/" + ids["chat"])
	run(s, chromedp.SendKeys(`#message`, "Salad\r"))
	s.see("Salad")
	r.must("POST", "/api/"+ids["chat"]+"/messages", `{"message":"Then salad it is."}`)
	s.see("Then salad it is.") // nobody has reloaded
	s.shot("chat")
}
