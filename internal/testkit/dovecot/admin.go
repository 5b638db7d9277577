package dovecot

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
)

// Admin runs doveadm(1) on this Dovecot, as its administrator does.
func (s *Server) Admin(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, "doveadm", append([]string{"-c", s.path("dovecot.conf")}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("doveadm %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}
