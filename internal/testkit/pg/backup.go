package pg

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
)

// Backup writes the database into the file, as an operator does.
func Backup(ctx context.Context, ownerURL, file string) error {
	return client(ctx, "pg_dump", "--format=custom", "--file="+file, "--dbname="+ownerURL)
}

// Restore destroys all that is in the database and puts back what is in the
// file.
func Restore(ctx context.Context, ownerURL, file string) error {
	destroy := `drop schema public cascade; create schema public authorization pg_database_owner`
	if err := run(ctx, ownerURL, destroy); err != nil {
		return err
	}
	return client(ctx, "pg_restore", "--exit-on-error", "--dbname="+ownerURL, file)
}

// client runs a program that lies beside the server's.
func client(ctx context.Context, program string, args ...string) error {
	dir, err := binaries()
	if err != nil {
		return err
	}
	if out, err := exec.CommandContext(ctx, filepath.Join(dir, program), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, bytes.TrimSpace(out))
	}
	return nil
}
