package browser

import (
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// Open opens a page and waits until it has been loaded.
func (b *Browser) Open(url string) error {
	if err := chromedp.Do(b.ctx, chromedp.Navigate(url)); err != nil {
		return fmt.Errorf("opening a page: %w", err)
	}
	return nil
}

// Fill types the text into a field, in place of what is there.
func (b *Browser) Fill(css, text string) error {
	all := chromedp.KeyEvent("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	if err := chromedp.Do(b.ctx, chromedp.Focus(chromedp.CSS(css)), all, chromedp.KeyEvent(kb.Backspace), chromedp.KeyEvent(text)); err != nil {
		return fmt.Errorf("filling in %s: %w", css, err)
	}
	return nil
}

// Attach chooses the files for a field that takes some.
func (b *Browser) Attach(css string, files ...string) error {
	if err := chromedp.Do(b.ctx, chromedp.SetUploadFiles(chromedp.CSS(css), files)); err != nil {
		return fmt.Errorf("attaching to %s: %w", css, err)
	}
	return nil
}

// Choose chooses the option of a list that has the value.
func (b *Browser) Choose(css, value string) error {
	if err := chromedp.Do(b.ctx, chromedp.SetValue(chromedp.CSS(css), value)); err != nil {
		return fmt.Errorf("choosing in %s: %w", css, err)
	}
	return nil
}

// Click clicks on what does not lead to another page.
func (b *Browser) Click(css string) error {
	if err := chromedp.Do(b.ctx, chromedp.Click(chromedp.CSS(css))); err != nil {
		return fmt.Errorf("clicking on %s: %w", css, err)
	}
	return nil
}

// Go clicks on what leads to another page, and waits until that has been loaded.
// It gives the page's status (RFC 9110, 15).
func (b *Browser) Go(css string) (status int, err error) {
	return b.follow(css, chromedp.Click(chromedp.CSS(css)))
}

// Press presses keys, such as "\t" and "\r", where the keyboard's focus is.
func (b *Browser) Press(keys string) error {
	if err := chromedp.Do(b.ctx, chromedp.KeyEvent(keys)); err != nil {
		return fmt.Errorf("pressing %q: %w", keys, err)
	}
	return nil
}

// PressToGo presses keys that lead to another page.
func (b *Browser) PressToGo(keys string) (status int, err error) {
	return b.follow(fmt.Sprintf("pressing %q", keys), chromedp.KeyEvent(keys))
}

func (b *Browser) follow(what string, step chromedp.Action[chromedp.Void]) (int, error) {
	response, err := chromedp.RunResponse(b.ctx, step)
	if err != nil {
		return 0, fmt.Errorf("following %s: %w", what, err)
	}
	if response == nil {
		return 0, nil
	}
	return int(response.Status), nil
}

// Text is what can be read in an element, words one space apart.
func (b *Browser) Text(css string) (string, error) {
	text, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", css, err)
	}
	return strings.Join(strings.Fields(text), " "), nil
}

// Count is how many elements there are.
func (b *Browser) Count(css string) (int, error) {
	return Evaluate[int](b, fmt.Sprintf("document.querySelectorAll(%q).length", css))
}

// Address is that of the page.
func (b *Browser) Address() (string, error) { return chromedp.Run(b.ctx, chromedp.Location()) }

// Scripts says whether the page's own scripts run.
func (b *Browser) Scripts(run bool) error {
	_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !run})
	return err
}
