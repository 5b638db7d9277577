package config

import "fmt"

// What the archive may be told.
const (
	shortestKeep, longestKeep   = Days(1), Days(3650)
	smallestShare, largestShare = 64 << 10, 64 << 30
)

func checkArchive(c *Config, f *faults) {
	if a := c.Archive; a.Keep < shortestKeep || a.Keep > longestKeep {
		f.err("archive.keep", a.Keep.String()+" is no sensible time", fmt.Sprintf("Write something from %s to %s.", shortestKeep, longestKeep))
	}
	if s := c.Archive.Strangers; s < smallestShare || s > largestShare {
		f.err("archive.strangers", s.String()+" is no sensible share", fmt.Sprintf("Write something from %s to %s.", Size(smallestShare), Size(largestShare)))
	}
}
