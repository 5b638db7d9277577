package storage_test

import (
	"testing"

	"github.com/countersign/countersign/internal/testkit/pgtest"
)

// The daemon refuses to run as a role that could rewrite the record.
func TestTheDaemonsRoleIsChecked(t *testing.T) {
	owner, app := pgtest.Test(t)
	if err := openURL(t, app).CheckRole(t.Context()); err != nil {
		t.Errorf("as countersign_app: %v", err)
	}
	wantError(t, openURL(t, owner).CheckRole(t.Context()), "could rewrite the record")
}
