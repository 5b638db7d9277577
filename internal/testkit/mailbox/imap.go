package mailbox

import (
	"net"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

func (s *Server) newSession(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
	plain := session{s.memory.NewSession(), s.faults}
	if s.options.caps.Has(imap.CapMove) {
		return mover{plain}, nil, nil
	}
	return plain, nil, nil
}

// A session is the memory server's session with its faults cured, and with those
// the server is told to have. Embedding the plain interface hides MOVE.
type session struct {
	imapserver.Session
	faults *faults
}

// Idle polls: the memory server does not announce mail that arrived between
// SELECT and IDLE before the client says DONE.
func (s session) Idle(w *imapserver.UpdateWriter, stop <-chan struct{}) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := s.Poll(w, true); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-tick.C:
		}
	}
}

// Create makes a folder, unless none can be made.
func (s session) Create(folder string, options *imap.CreateOptions) error {
	if err := s.faults.creates(); err != nil {
		return err
	}
	return s.Session.Create(folder, options)
}

// Append takes a mail, unless the folder is full.
func (s session) Append(folder string, r imap.LiteralReader, options *imap.AppendOptions) (*imap.AppendData, error) {
	if err := s.faults.takes(folder); err != nil {
		return nil, err
	}
	return s.Session.Append(folder, r, options)
}

// Copy answers a bare OK when nothing was copied, as real servers do; the
// memory server would break off in the middle of its answer.
func (s session) Copy(set imap.NumSet, folder string) (*imap.CopyData, error) {
	if err := s.faults.takes(folder); err != nil {
		return nil, err
	}
	data, err := s.Session.Copy(set, folder)
	if err != nil || len(data.SourceUIDs) == 0 {
		return nil, err
	}
	return data, nil
}

// A mover is a session with MOVE, made of its parts: the memory server's own
// announces a message number zero.
type mover struct{ session }

// Move copies, marks and expunges; the server announces the expunged afterwards.
func (m mover) Move(w *imapserver.MoveWriter, set imap.NumSet, folder string) error {
	data, err := m.Copy(set, folder)
	if err != nil || data == nil {
		return err
	}
	if err := w.WriteCopyData(data); err != nil {
		return err
	}
	gone := imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := m.Store(nil, data.SourceUIDs, &gone, nil); err != nil {
		return err
	}
	return m.Expunge(nil, &data.SourceUIDs)
}

// A wire remembers the connections of a listener, so that they can be cut.
type wire struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newWire() *wire { return &wire{conns: map[net.Conn]bool{}} }

func (w *wire) listener(ln net.Listener) net.Listener { return cuttable{ln, w} }

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.conns {
		c.Close()
	}
	clear(w.conns)
}

type cuttable struct {
	net.Listener
	wire *wire
}

func (l cuttable) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.wire.mu.Lock()
		l.wire.conns[c] = true
		l.wire.mu.Unlock()
	}
	return c, err
}
