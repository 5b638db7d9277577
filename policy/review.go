package policy

import (
	"fmt"
	"time"
)

// ReviewEvery is from one reminder of the policy's review to the next, and how
// long before it the first one comes, in days.
const ReviewEvery = 30

// A Review is a reminder that the policy is to be reviewed.
type Review struct {
	Name string    // no other reminder's
	Due  time.Time // when it is to be sent
}

// ReviewDue is the last reminder of the policy's review up to the time given: the
// first comes some time before it, the next on the day, and more as long as no
// later day is set.
func (d Directory) ReviewDue(asOf time.Time) (last Review, ok bool) {
	for n := -1; ; n++ {
		day, known := d.reviewDay(n * ReviewEvery)
		due := d.Calendar.Morning(day)
		if !known || due.After(asOf) {
			return last, ok
		}
		last, ok = Review{Name: "review " + d.NextReview + " " + reviewName(n), Due: due}, true
	}
}

func reviewName(n int) string {
	switch n {
	case -1:
		return "first"
	case 0:
		return "due"
	default:
		return fmt.Sprintf("overdue %d", n)
	}
}

// ReviewDay is the day on which the policy is to be reviewed, if one is set.
func (d Directory) ReviewDay() (day time.Time, ok bool) { return d.reviewDay(0) }

// reviewDay is so many days after it, at noon: a local day has no more certain
// hour.
func (d Directory) reviewDay(after int) (day time.Time, ok bool) {
	at, err := time.Parse(time.DateOnly, d.NextReview)
	if err != nil {
		return time.Time{}, false
	}
	return time.Date(at.Year(), at.Month(), at.Day()+after, 12, 0, 0, 0, d.Calendar.location()), true
}
