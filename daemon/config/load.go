package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/countersign/countersign/policy"
)

// Default is the configuration in which only defaults stand.
func Default() *Config {
	return &Config{
		Policy:     Policy{FourEyes: policy.CoSign},
		Reminders:  Reminders{Weekly: true},
		Confluence: Confluence{Register: "Register of changes", Settle: Duration(20 * time.Second)},
		Archive:    Archive{Keep: 30, Strangers: 200 << 20},
		Mailbox: Mailbox{
			SizeLimit:  25 << 20,
			FileLimit:  10 << 20,
			FilesLimit: 20 << 20,
			Poll:       Duration(time.Minute),
			Folders:    Folders{Inbox: "INBOX", Done: "Done", Ignored: "Ignored", Attention: "Attention"},
		},
	}
}

// Load reads the configuration in the file. What it says is looked at by
// [Config.Check] only.
func Load(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, err := parse(text)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration %s: %w", path, err)
	}
	c.locate(filepath.Dir(path))
	return c, nil
}

func parse(text []byte) (*Config, error) {
	c := Default()
	decoder := toml.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return nil, readable(err)
	}
	if c.Mailbox.Username == "" {
		c.Mailbox.Username = c.Mailbox.Address
	}
	return c, nil
}

// readable gives the library's errors the line they are about.
func readable(err error) error {
	if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		return fmt.Errorf("options this program does not know:\n%s", unknown.String())
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		return fmt.Errorf("not as it should be:\n%s", wrong.String())
	}
	return err
}

// locate looks for secret files: among the credentials the service manager
// hands over, as systemd.exec(5) has it, then beside the configuration.
func (c *Config) locate(dir string) {
	credentials := os.Getenv("CREDENTIALS_DIRECTORY")
	find := func(file *string) {
		if *file == "" || filepath.IsAbs(*file) {
			return
		}
		if handed := filepath.Join(credentials, *file); credentials != "" && exists(handed) {
			*file = handed
			return
		}
		*file = filepath.Join(dir, *file)
	}
	find(&c.Mailbox.PasswordFile)
	find(&c.Web.CertFile)
	find(&c.Web.KeyFile)
	find(&c.Confluence.TokenFile)
	for i := range c.Tokens.Keys {
		find(&c.Tokens.Keys[i].File)
	}
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// A Duration is a time span, written as in "90s" or "5m".
type Duration time.Duration

// UnmarshalText reads a duration as Go writes it.
func (d *Duration) UnmarshalText(text []byte) error {
	span, err := time.ParseDuration(string(text))
	*d = Duration(span)
	return err
}

// String writes the duration without empty ends: "1m", not "1m0s".
func (d Duration) String() string {
	text := time.Duration(d).String()
	for _, empty := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, empty) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// Days is a number of days, written as in "30d".
type Days int

// UnmarshalText reads a whole number of days.
func (d *Days) UnmarshalText(text []byte) error {
	number, found := strings.CutSuffix(string(text), "d")
	n, err := strconv.ParseUint(number, 10, 15)
	if err != nil || !found {
		return fmt.Errorf("%q is no number of days: write one such as \"30d\"", text)
	}
	*d = Days(n)
	return nil
}

// String writes the days as they are read.
func (d Days) String() string { return fmt.Sprintf("%dd", int(d)) }

// Before is so many days before the time.
func (d Days) Before(now time.Time) time.Time { return now.AddDate(0, 0, -int(d)) }

// A Size is a number of bytes, written as in "25 MiB".
type Size int64

// units are what a size is counted in, largest first.
var units = []struct {
	name  string
	bytes Size
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// UnmarshalText reads a whole number and a unit.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit, _ := strings.Cut(string(text), " ")
	n, err := strconv.ParseUint(number, 10, 20)
	for _, u := range units {
		if err == nil && u.name == unit {
			*s = Size(n) * u.bytes
			return nil
		}
	}
	return fmt.Errorf("%q is no size: write a whole number and a unit, such as \"25 MiB\"", text)
}

// String writes the size in the largest unit it is whole in.
func (s Size) String() string {
	for _, u := range units {
		if s >= u.bytes && s%u.bytes == 0 {
			return fmt.Sprintf("%d %s", s/u.bytes, u.name)
		}
	}
	return fmt.Sprintf("%d bytes", int64(s))
}
