package pg

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
)

// errNoBinaries tells what to do where there is no Postgres.
var errNoBinaries = errors.New("no Postgres server found: apt-get install postgresql (or name its programs' folder in COUNTERSIGN_PG_BIN)")

// binaries finds the folder with initdb and postgres: the one named by
// COUNTERSIGN_PG_BIN, else Debian's newest, else that of the initdb on PATH.
func binaries() (string, error) {
	if dir := os.Getenv("COUNTERSIGN_PG_BIN"); dir != "" {
		if !complete(dir) {
			return "", errors.New("COUNTERSIGN_PG_BIN=" + dir + " holds no initdb and postgres")
		}
		return dir, nil
	}
	debian, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(debian, func(a, b string) int { return cmp.Compare(major(b), major(a)) })
	for _, dir := range debian {
		if complete(dir) {
			return dir, nil
		}
	}
	if initdb, err := exec.LookPath("initdb"); err == nil && complete(filepath.Dir(initdb)) {
		return filepath.Dir(initdb), nil
	}
	return "", errNoBinaries
}

// major is the version in /usr/lib/postgresql/15/bin.
func major(dir string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
	return n
}

func complete(dir string) bool {
	for _, program := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, program)); err != nil {
			return false
		}
	}
	return true
}
