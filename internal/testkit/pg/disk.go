package pg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// ErrNoMount says that no small disk can be made here: it takes root, and a
// kernel that lets root mount a tmpfs.
var ErrNoMount = errors.New("no small disk can be mounted here")

// mount puts a small disk where the data will lie.
func (s *server) mount() error {
	if s.disk == 0 {
		return nil
	}
	if err := os.Mkdir(s.data(), 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	if err := s.give(s.data()); err != nil {
		return err
	}
	uid, gid := os.Getuid(), os.Getgid()
	if s.as != nil {
		uid, gid = int(s.as.Uid), int(s.as.Gid)
	}
	err := syscall.Mount("tmpfs", s.data(), "tmpfs", 0, fmt.Sprintf("size=%d,uid=%d,gid=%d,mode=0700", s.disk, uid, gid))
	if err != nil {
		s.disk = 0
		return fmt.Errorf("%w: %w", ErrNoMount, err)
	}
	return nil
}

func (s *server) unmount() error {
	if s.disk == 0 {
		return nil
	}
	if err := syscall.Unmount(s.data(), syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) { // not mounted yet
		return fmt.Errorf("unmounting the small disk: %w", err)
	}
	return nil
}

func (s *server) filler() string { return filepath.Join(s.data(), "filler") }

// logRoom is for how many MB of log the small disk has files, of 1 MB each: a
// server that finds no room for its log ends, one that finds none for a table
// says so.
const logRoom = 16

// makeLogRoom goes through as many files of the log; the checkpoint keeps them to
// be written again.
func (c *Cluster) makeLogRoom(ctx context.Context) error {
	for range logRoom {
		if err := c.exec(ctx, `select pg_logical_emit_message(true, '', ''); select pg_switch_wal()`); err != nil {
			return err
		}
	}
	return c.exec(ctx, `checkpoint`)
}

// Fill fills the small disk but for so many bytes, and for the log.
func (c *Cluster) Fill(leave int64) error {
	if err := c.makeLogRoom(context.Background()); err != nil {
		return fmt.Errorf("making room for the log: %w", err)
	}
	f, err := os.OpenFile(c.server.filler(), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("filling the small disk: %w", err)
	}
	defer f.Close()
	for try := 0; ; try++ {
		err := c.fill(f, leave)
		if errors.Is(err, syscall.ENOSPC) && try < 100 { // the server has just taken some of it
			continue
		}
		if err != nil {
			return fmt.Errorf("filling the small disk: %w", err)
		}
		return nil
	}
}

func (c *Cluster) fill(f *os.File, leave int64) error {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(c.server.data(), &disk); err != nil {
		return err
	}
	room := int64(disk.Bfree)*disk.Bsize - leave
	if room <= 0 {
		return nil
	}
	return syscall.Fallocate(int(f.Fd()), 0, 0, room)
}

// Free gives the room back that Fill took.
func (c *Cluster) Free() error {
	if err := os.Remove(c.server.filler()); err != nil {
		return fmt.Errorf("freeing the small disk: %w", err)
	}
	return nil
}
