package clients

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// moves are the keys that bring the cursor to where somebody types, from where
// the program has put it.
var moves = map[string][]string{
	"first":   {"ctrl+Home"}, // even above the sentence that introduces the quotation
	"inside":  {"ctrl+Home", "Down", "Down", "Down", "Down", "Down", "Down", "Down", "Down", "End", "Return"},
	"instead": {"ctrl+a", "Delete"},
}

// writes types what is to be typed into the window that hears the keys.
func (s screen) writes(ctx context.Context, r recording) error {
	if r.where == "around" {
		keyword, fields, _ := strings.Cut(r.typed, "\n")
		return steps(
			func() error { return s.types(ctx, keyword) },
			func() error { return s.keys(ctx, "ctrl+End", "Return") },
			func() error { return s.types(ctx, fields) },
		)
	}
	if err := s.keys(ctx, moves[r.where]...); err != nil {
		return err
	}
	return s.types(ctx, r.typed)
}

// types types the text line by line.
func (s screen) types(ctx context.Context, text string) error {
	for line := range strings.Lines(text) {
		words, ended := strings.CutSuffix(line, "\n")
		if words != "" {
			if err := s.xdotool(ctx, "type", "--delay", "20", "--", words); err != nil {
				return err
			}
		}
		if ended {
			if err := s.keys(ctx, "Return"); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s screen) keys(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	return s.xdotool(ctx, append([]string{"key", "--delay", "100"}, keys...)...)
}

// turnsTo waits for the window with these words in its title, until nothing moves
// any more, and has it hear the keys.
func (s screen) turnsTo(ctx context.Context, title string) error {
	return steps(
		func() error { return s.xdotool(ctx, "search", "--sync", "--onlyvisible", "--name", title) },
		func() error { return s.rests(ctx) },
		func() error {
			return s.xdotool(ctx, "search", "--onlyvisible", "--name", title, "windowfocus", "--sync")
		},
	)
}

// still is how many pictures in a row are alike when nothing moves.
const still = 4

// rests waits until nothing moves on the screen.
func (s screen) rests(ctx context.Context) error {
	var last []byte
	for alike := 0; alike < still; alike++ {
		picture := exec.CommandContext(ctx, "import", "-window", "root", "rgb:-")
		picture.Env = append(os.Environ(), "DISPLAY="+s.display)
		now, err := picture.Output()
		if err != nil {
			return fmt.Errorf("looking at the screen: %w", err)
		}
		if !bytes.Equal(now, last) {
			alike = 0
		}
		last = now
		select {
		case <-ctx.Done():
			return fmt.Errorf("the screen does not come to rest: %w", ctx.Err())
		case <-time.After(400 * time.Millisecond):
		}
	}
	return nil
}
