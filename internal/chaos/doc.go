// Package chaos holds the daemon to its first promise: no mail is lost and none
// acts twice, whatever is killed whenever.
//
// Its tests run the real program, built with its failpoints, on a real Postgres
// and against real mail servers, for a company of robots who answer the mails
// they get as a play says. The play is performed once undisturbed and then
// again and again while the program is killed and started anew; every time the
// same must have come of it: the same disposition for each mail, the same
// events, the same mails sent. Robots write the same bytes in every performance,
// and whatever the program sends has an id that derives from them: so the
// performances can be held against each other.
//
//	go test ./internal/chaos                                        # 200 performances
//	make test-chaos                                                 # 2,000, by a seed that is printed
//	go test ./internal/chaos -run 'Chaos/^17$' -chaos.seed=42       # one of them again
package chaos
