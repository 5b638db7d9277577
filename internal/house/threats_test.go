package house

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const threatsPage = "../../docs/threats.md"

var (
	testNamed  = regexp.MustCompile(`\b(?:Test|Fuzz)\w+`)
	storyNamed = regexp.MustCompile(`"(\d+-[a-z0-9-]+)"`)
)

// Every threat of docs/threats.md names what shows that its defense holds, and each
// of these is a test or a conversation that there is.
func TestThreatsAreShown(t *testing.T) {
	text, err := os.ReadFile(threatsPage)
	if err != nil {
		t.Fatal(err)
	}
	tests, threats := testNames(t), 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.Contains(line, "| threat |") || strings.Contains(line, "|---|") {
			continue
		}
		threats++
		named := testNamed.FindAllString(cells[3], -1)
		stories := storyNamed.FindAllStringSubmatch(cells[3], -1)
		if len(named)+len(stories) == 0 {
			t.Errorf("nothing shows what stands against:%s", cells[1])
		}
		for _, name := range named {
			if !slices.Contains(tests, name) {
				t.Errorf("there is no %s", name)
			}
		}
		for _, s := range stories {
			if _, err := os.Stat("../../daemon/testdata/conversations/" + s[1] + ".txtar"); err != nil {
				t.Errorf("there is no conversation %s", s[1])
			}
		}
	}
	if threats < 40 {
		t.Errorf("%d threats are told", threats)
	}
}

var testDeclared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// testNames lists the tests of the whole house.
func testNames(t *testing.T) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS("../.."), ".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile("../../" + path)
		for _, m := range testDeclared.FindAllSubmatch(code, -1) {
			names = append(names, string(m[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
