package statuspage_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"token-refresher/internal/statuspage"
	"token-refresher/internal/token"
)

// patience is how long a test waits for a browser that takes seconds where
// nothing else runs.
const patience = 2 * time.Minute

// browser is the page in a headless Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp keeps the browser in it
}

// open opens the page. What its console complains about, such as something that
// the policy blocked, fails the test.
func open(t *testing.T, b *board) browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is not installed")
		}
		t.Skip("chromium is not installed")
	}
	server := httptest.NewServer(newPage(t, b))
	t.Cleanup(server.Close)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience) // it ends in the clean-up
	t.Cleanup(cancel)
	ctx, forget := chromedp.NewContext(ctx, chromedp.WithAllocatorOptions(
		chromedp.ExecPath(path), chromedp.WSURLReadTimeout(patience), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	))
	var listening sync.WaitGroup
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits until the browser is gone, and with it its folder
		forget()
		listening.Wait()
	})
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	console := chromedp.Console(ctx)
	listening.Go(func() {
		for message, err := range console {
			if err != nil {
				return
			}
			t.Errorf("console: %s", message)
		}
	})
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL)); err != nil {
		t.Fatalf("open the page: %v", err)
	}
	return browser{t, ctx}
}

// await waits until an expression holds in the page.
func (b browser) await(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(patience))); err != nil {
		b.t.Fatalf("waiting for %s: %v; the page says:\n%s", expression, err, b.text("body"))
	}
}

func (b browser) text(element string) string {
	b.t.Helper()
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.querySelector("`+element+`").innerText`))
	if err != nil {
		b.t.Fatalf("read %s: %v", element, err)
	}
	return text
}

// click presses the button with this accessible name.
func (b browser) click(label string) {
	b.t.Helper()
	script := `document.querySelector("[aria-label='` + label + `']").click()`
	if err := chromedp.Do(b.ctx, chromedp.Evaluate[chromedp.Void](script)); err != nil {
		b.t.Fatalf("click %s: %v", label, err)
	}
}

// shop is a view of a merchant whose consent is needed, and of a fresh one.
func shop() (view statuspage.View, waits, fresh statuspage.Token) {
	now := time.Now()
	waits = statuspage.Token{
		ID: "shop/DK12345678", State: statuspage.StateConsentRequired, Reason: "revoked", Since: now.Add(-time.Hour),
		Problem: "refused <b>twice</b>", Outcome: "unknown",
	}
	fresh = statuspage.Token{
		ID: "shop/FI12345678", State: statuspage.StateFresh, Revision: 9, PublishedRevision: 7, Outcome: "succeeded",
		IssuedAt: now.Add(-time.Minute), DueAt: now.Add(time.Hour), ExpiresAt: now.Add(2 * time.Hour),
	}
	return statuspage.View{
		Clients: []statuspage.Client{{Name: "shop", GrantType: token.GrantTypeAuthorizationCode}},
		Tokens:  []statuspage.Token{fresh, waits},
		Faults:  []statuspage.Fault{{Name: "503", Meaning: "Answers 503"}},
	}, waits, fresh
}

func TestBrowserShowsEveryToken(t *testing.T) {
	t.Parallel()
	view, _, _ := shop()
	page := open(t, &board{view: view})
	page.await(`document.querySelector("#verdict-title").textContent === "1 of 2 tokens cannot be used"`)
	page.await(`document.querySelector("#lowest").textContent !== ""`) // what ages is drawn with the next frame
	text := page.text("#groups")
	for _, want := range []string{
		"consent required", "only the merchant can help", "refused <b>twice</b>",
		"fresh", "journal revision 9, secret 2 behind", "left of 2 h 01 min", "last try succeeded", "last try without a usable answer",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page says %q, want %q in it", text, want)
		}
	}
	// The bar is as long as the life left: 120 of 121 minutes.
	page.await(`(() => {
		const bar = document.querySelector("[aria-label='life left of shop/FI12345678']");
		const left = bar.firstChild.getBoundingClientRect().width / bar.getBoundingClientRect().width;
		return left > 0.97 && left < 1 && bar.getAttribute("aria-valuenow") === "99";
	})()`)
}

func TestBrowserInvitesAndRevokes(t *testing.T) {
	t.Parallel()
	view, waits, fresh := shop()
	b := &board{view: view, on: map[string]bool{}, link: "http://127.0.0.1:8080/consent?invite=x"}
	page := open(t, b)
	page.await(`document.querySelector("section.group") !== null`)
	page.click("Invite: " + waits.ID)
	page.await(`document.querySelector(".answer a")?.href === "` + b.link + `"`)
	page.click("Revoke at the provider: " + fresh.ID)
	page.await(`document.body.innerText.includes("Revoked at the provider")`)
	page.await(`(() => {
		const field = document.querySelector("form.invite input");
		if (field.value === "") { field.value = "DK87654321"; field.form.requestSubmit(); }
		return document.querySelector("form.invite a")?.href === "` + b.link + `";
	})()`)
	page.await(`(document.querySelector("#faults button").click(), true)`)
	page.await(`document.querySelector("#faults button").getAttribute("aria-pressed") === "true"`)

	b.mu.Lock()
	if !slices.Equal(b.invited, []string{waits.ID, "shop/DK87654321"}) || !slices.Equal(b.revoked, []string{fresh.ID}) || !b.on["503"] {
		t.Errorf("invited %v, revoked %v, faults %v", b.invited, b.revoked, b.on)
	}
	b.mu.Unlock()

	// Once the merchant has consented, the invitation is of no use any more.
	waits.State, waits.Problem, waits.ConsentedAt = statuspage.StateFresh, "", time.Now()
	view.Tokens = []statuspage.Token{fresh, waits}
	b.set(view, nil)
	page.await(`document.querySelector("#verdict-title").textContent === "Everything is fresh"
		&& document.querySelector(".token .answer a")?.checkVisibility() !== true`)
}

// Names that somebody made long wrap: the page stays as wide as a telephone.
func TestBrowserWrapsLongNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", 300)
	now := time.Now()
	waits := statuspage.Token{ID: long + "/" + long, State: statuspage.StateConsentRequired, Reason: long, Problem: long, Outcome: long, Since: now}
	page := open(t, &board{
		view: statuspage.View{
			Clients: []statuspage.Client{
				{Name: long, GrantType: token.GrantTypeAuthorizationCode, Problem: long},
				{Name: "1" + long, GrantType: token.GrantTypeClientCredentials},
			},
			Tokens: []statuspage.Token{waits, {ID: "1" + long, State: statuspage.StateMissing}},
			Faults: []statuspage.Fault{{Name: long, Meaning: long}},
			Sweeps: []statuspage.Sweep{{Function: long, At: now, Failures: []statuspage.Failure{{Token: long, Error: long}}}},
		},
	})
	page.await(`document.querySelectorAll(".token").length === 2`)
	for _, width := range []int64{320, 390, 1024, 1440} {
		if err := chromedp.Do(page.ctx, chromedp.EmulateViewport(width, 844)); err != nil {
			t.Fatalf("resize: %v", err)
		}
		wide, err := chromedp.Run(page.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll("body *")]
			.filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > document.documentElement.clientWidth)
			.map((e) => e.tagName + "." + e.className)`))
		if err != nil || len(wide) > 0 {
			t.Errorf("at %d: %v reach beyond the page (%v)", width, wide, err)
		}
	}
}
