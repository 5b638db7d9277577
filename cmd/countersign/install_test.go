package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A tree is a root directory into which make install puts everything.
type tree struct {
	t    *testing.T
	root string
}

// prefix is where these installations have the program: not where it is by
// default.
const prefix = "/opt/countersign"

func newTree(t *testing.T) *tree {
	t.Helper()
	root, err := os.MkdirTemp("", "countersign-install") // unlike t.TempDir, for other users, too
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(root) })
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	return &tree{t, root}
}

// make runs make as a packager does.
func (r *tree) make(target string) {
	r.t.Helper()
	cmd := exec.CommandContext(r.t.Context(), "make", "-C", "../..", target,
		"DESTDIR="+r.root, "PREFIX="+prefix, "BIN="+filepath.Join(r.t.TempDir(), "countersign"))
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "MAKE") || strings.HasPrefix(v, "MFLAGS") })
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("make %s: %v\n%s", target, err, out)
	}
}

// files are all files below the root, with their modes.
func (r *tree) files() (all []string) {
	r.t.Helper()
	err := filepath.WalkDir(r.root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		all = append(all, fmt.Sprintf("%v %s", info.Mode(), strings.TrimPrefix(path, r.root)))
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

// path is where a file of the installation really lies.
func (r *tree) path(installed string) string { return filepath.Join(r.root, installed) }

func (r *tree) read(installed string) string {
	r.t.Helper()
	text, err := os.ReadFile(r.path(installed))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

const (
	installedProgram   = prefix + "/bin/countersign"
	installedUnits     = prefix + "/lib/systemd/system/"
	installedUnit      = installedUnits + "countersign.service"
	installedPruneUnit = installedUnits + "countersign-prune.service"
	installedTimer     = installedUnits + "countersign-prune.timer"
	installedConfig    = "/etc/countersign/countersign.toml"
)

// make install puts everything in its place, once more without touching a
// configuration that was edited, and make uninstall leaves that alone.
func TestInstall(t *testing.T) {
	r := newTree(t)
	r.make("install")
	want := []string{
		"-rw-r----- " + installedConfig,
		"-rwxr-xr-x " + installedProgram,
		"-rw-r--r-- " + installedPruneUnit,
		"-rw-r--r-- " + installedTimer,
		"-rw-r--r-- " + installedUnit,
		"-rw-r--r-- " + prefix + "/lib/sysusers.d/countersign.conf",
		"-rw-r--r-- " + prefix + "/share/man/man5/countersign.toml.5",
		"-rw-r--r-- " + prefix + "/share/man/man8/countersign.8",
	}
	if got := r.files(); !slices.Equal(got, want) {
		t.Errorf("installed:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, name := range []string{installedUnit, installedPruneUnit} {
		if unit := r.read(name); !strings.Contains(unit, "\nExecStart="+installedProgram+" ") || strings.Contains(unit, "/usr/local") {
			t.Errorf("the unit has other paths:\n%s", unit)
		}
	}
	version, err := exec.CommandContext(t.Context(), r.path(installedProgram), "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(version), "countersign ") {
		t.Errorf("version: %v\n%s", err, version)
	}

	const edited = "# edited\n"
	if err := os.WriteFile(r.path(installedConfig), []byte(edited), 0o640); err != nil {
		t.Fatal(err)
	}
	r.make("install")
	if got := r.read(installedConfig); got != edited || !slices.Equal(r.files(), want) {
		t.Errorf("the second time it installed:\n%s\nand the configuration says:\n%s", strings.Join(r.files(), "\n"), got)
	}
	r.make("uninstall")
	if got := r.files(); !slices.Equal(got, want[:1]) {
		t.Errorf("uninstall leaves:\n%s", strings.Join(got, "\n"))
	}
}
