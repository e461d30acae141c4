package main

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"token-refresher/internal/consent/page"
	"token-refresher/internal/sandbox/authserver"
)

// chromium starts one browser for the test and its subtests. Without one on this
// machine the test is skipped, but never in CI.
func chromium(t *testing.T) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal("chromium is not installed")
	case err != nil:
		t.Skip("chromium is not installed")
	}
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), // its directory is fresh
		chromedp.ExecPath(path), chromedp.WSURLReadTimeout(patience), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("disable-prompt-on-repost", true),
		chromedp.Flag("lang", "en-US"))
	t.Cleanup(stop)
	// What it logs may quote a page with a token in it.
	ctx, closeBrowser := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(closeBrowser)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	return ctx
}

// tab is one tab of a merchant's browser.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// visitor opens a browser that was never here: its cookies are its own. proxy, if
// any, is what it reaches everything through.
func (s *site) visitor(t *testing.T, proxy string) tab {
	t.Helper()
	return newTab(s.browser, t, chromedp.WithNewBrowserContext(func(p *target.CreateBrowserContextParams) {
		if p.ProxyServer = proxy; proxy != "" {
			p.ProxyBypassList = "<-loopback>" // nothing bypasses it
		}
	}))
}

// beside opens another tab of the same browser.
func (b tab) beside() tab { return newTab(b.ctx, b.t) }

// newTab opens a tab. That its page does what is not allowed, or fails, fails the
// test.
func newTab(parent context.Context, t *testing.T, options ...chromedp.ContextOption) tab {
	t.Helper()
	ctx, cancel := context.WithTimeout(parent, patience)
	t.Cleanup(cancel)
	ctx, closeTab := chromedp.NewContext(ctx, options...)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	console := chromedp.Console(ctx)
	var listening sync.WaitGroup
	listening.Go(func() {
		for message, err := range console {
			if err == nil && (message.IsException() || message.Source == "security") {
				t.Errorf("console: %s", message)
			}
		}
	})
	t.Cleanup(func() {
		closeTab()
		listening.Wait()
	})
	return tab{t, ctx}
}

// do runs steps to their end.
func (b tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

// open follows a link and waits until it has led somewhere.
func (b tab) open(link string) {
	b.t.Helper()
	b.do("open a link", chromedp.Navigate(link))
}

// press clicks a button of the provider's pages, as a person does: without a
// person's gesture the page that is left would have no place in the history. A
// click of the mouse would miss a button that moves when its style arrives.
func (b tab) press(id string) {
	b.t.Helper()
	b.script("press "+id, `document.getElementById("`+id+`").click(), 0`)
}

// script runs JavaScript that comes to a number, as if a person had asked for it.
func (b tab) script(what, script string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[int](script, gesture)); err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
}

func gesture(p *runtime.EvaluateParams) { p.UserGesture = new(true) }

// consents logs in at the provider and says yes.
func (b tab) consents() {
	b.t.Helper()
	b.logsIn()
	b.press("yes")
}

// logsIn goes as far as the question.
func (b tab) logsIn() {
	b.t.Helper()
	b.awaitPath(authserver.LoginPath)
	b.press("submit")
	b.awaitPath(authserver.ConsentPath)
}

// back is the browser's back button. chromedp's own waits for a load, which a
// page that comes from the browser's memory has none of.
func (b tab) back() {
	b.t.Helper()
	b.script("go back", "setTimeout(() => history.back(), 10)")
}

// shown is what a tab shows.
type shown struct{ URL, Heading string }

func (b tab) look() (s shown, err error) {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](
		`JSON.stringify({URL: location.href, Heading: document.querySelector("h1")?.innerText ?? ""})`))
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s)
}

// awaitPage waits for one of our own pages, in English.
func (b tab) awaitPage(path string, kind page.Kind) {
	b.t.Helper()
	want := heading(b.t, kind)
	b.await(path+" with the page "+string(kind), func(s shown) bool { return pathOf(s.URL) == path && s.Heading == want })
	b.shoot(string(kind))
}

// awaitPath waits for a page of the provider's.
func (b tab) awaitPath(path string) {
	b.t.Helper()
	b.await(path, func(s shown) bool { return pathOf(s.URL) == path && s.Heading != "" })
	b.shoot(filepath.Base(path))
}

func (b tab) await(what string, ok func(shown) bool) {
	b.t.Helper()
	again := time.NewTicker(30 * time.Millisecond)
	defer again.Stop()
	var last shown
	for {
		if now, err := b.look(); err == nil { // it fails while pages change
			if last = now; ok(last) {
				return
			}
		}
		select {
		case <-again.C:
		case <-b.ctx.Done():
			b.t.Fatalf("waiting for %s: still at %s, %q", what, pathOf(last.URL), last.Heading)
		}
	}
}

func pathOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return parsed.Path
}

var headingPattern = regexp.MustCompile(`<h1>(.*)</h1>`)

func heading(t *testing.T, kind page.Kind) string {
	t.Helper()
	document, err := page.Render(page.View{Kind: kind, Language: page.Negotiate("en", "")})
	if err != nil {
		t.Fatal(err)
	}
	return string(headingPattern.FindSubmatch(document)[1])
}

// shoot keeps pictures of the page, on a telephone and on a desk, if SCREENSHOTS
// names a folder.
func (b tab) shoot(name string) {
	b.t.Helper()
	dir := os.Getenv("SCREENSHOTS")
	if dir == "" {
		return
	}
	for suffix, width := range map[string]int64{"phone": 390, "desktop": 1280} {
		b.do("resize", chromedp.EmulateViewport(width, 844))
		picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+"-"+suffix+".png"), picture, 0o600)
		}
		if err != nil {
			b.t.Fatalf("picture of %s: %v", name, err)
		}
	}
}
