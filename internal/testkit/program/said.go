package program

import (
	"bytes"
	"sync"
)

// A said gathers what a process says, and wakes who waits for more.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{} // closed, and replaced, when something was said
}

func newSaid() *said { return &said{news: make(chan struct{})} }

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.news)
	s.news = make(chan struct{})
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *said) more() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}
