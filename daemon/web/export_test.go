package web

// Paths are the addresses there are, by method, for tests to walk.
func Paths() map[string][]string {
	all := map[string][]string{}
	for _, r := range routes {
		all[r.method] = append(all[r.method], r.path)
	}
	return all
}
