package mailtmpl

// Review is the day on which the policy is to be reviewed; empty if none is set.
func (d Data) Review() string {
	day, ok := d.Directory.ReviewDay()
	if !ok {
		return ""
	}
	return d.Day(day)
}

// ReviewLate says whether that day is past.
func (d Data) ReviewLate() bool {
	day, ok := d.Directory.ReviewDay()
	return ok && d.Now.After(day) && d.Day(d.Now) != d.Day(day)
}
