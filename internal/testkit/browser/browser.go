// Package browser drives a real Chromium, without a window, for tests and
// screenshots.
package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Program is the browser, as Debian calls it.
const Program = "chromium"

// A Browser is a running Chromium with one tab and an empty profile.
type Browser struct {
	ctx     context.Context
	cancel  context.CancelFunc
	profile string
}

// Start starts a browser that talks to nobody unasked.
func Start(ctx context.Context) (*Browser, error) {
	profile, err := os.MkdirTemp("", "countersign-chromium-*")
	if err != nil {
		return nil, err
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(Program), chromedp.UserDataDir(profile),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
	}
	for _, flag := range []string{"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars"} {
		options = append(options, chromedp.Flag(flag, true))
	}
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	tab, leave := chromedp.NewContext(allocator)
	b := &Browser{ctx: tab, profile: profile, cancel: func() { leave(); stop() }}
	// After a start that failed, nothing more may be asked of it.
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		b.Close()
		return nil, fmt.Errorf("starting %s: %w", Program, err)
	}
	return b, nil
}

// Close ends the browser and removes its profile.
func (b *Browser) Close() {
	b.cancel()
	os.RemoveAll(b.profile) //nolint:errcheck // in the folder for temporary files
}

// A Screen is what a page is looked at on.
type Screen struct {
	Width int // CSS pixels
	Dark  bool
}

// Show opens the page as it looks on the screen.
func (b *Browser) Show(page string, s Screen) error {
	if err := b.Look(s); err != nil {
		return err
	}
	if err := chromedp.Do(b.ctx, chromedp.Navigate(page)); err != nil {
		return fmt.Errorf("opening %s: %w", filepath.Base(page), err)
	}
	return nil
}

// Look looks at the page that is open as on the screen.
func (b *Browser) Look(s Screen) error {
	scheme := "light"
	if s.Dark {
		scheme = "dark"
	}
	media := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, media); err != nil {
		return fmt.Errorf("asking for a %s page: %w", scheme, err)
	}
	if err := chromedp.Do(b.ctx, chromedp.EmulateViewport(int64(s.Width), 800)); err != nil {
		return fmt.Errorf("looking at a page %d wide: %w", s.Width, err)
	}
	return nil
}

// Picture is the whole page as a PNG.
func (b *Browser) Picture() ([]byte, error) {
	return chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
}

// Evaluate gives what a script says about the page.
func Evaluate[T any](b *Browser, script string) (T, error) {
	return chromedp.Run(b.ctx, chromedp.Evaluate[T](script))
}

// Await gives what a script promises to say about the page.
func Await[T any](b *Browser, script string) (T, error) {
	return chromedp.Run(b.ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
}
