package storage_test

import (
	"database/sql"
	"strings"
	"testing"
)

// fill puts so many changes of some years into the database, the last ones of
// them open, as the daemon would have left them: mostly closed, some rejected, a
// few canceled.
func fill(t *testing.T, owner *sql.DB, changes, open int) {
	t.Helper()
	fillMore(t, owner, 1, changes, open)
}

func fillMore(t *testing.T, owner *sql.DB, from, to, open int) {
	t.Helper()
	for statement := range strings.SplitSeq(filling, ";") {
		if strings.Contains(statement, "$3") {
			exec(t, owner, statement, from, to, open)
		} else {
			exec(t, owner, statement)
		}
	}
}

// filling are the statements: a change n, opened each hour, proposed by one of
// ten, with three ballots, two mails that came and three that left.
const filling = `
create unlogged table made as
select n, 'c' || n as id, 'CHG-2026-' || n as number, 'D-2026-' || n as draft,
	case when n > $2::int - $3::int then 'proposed' when n % 300 = 7 then 'canceled' when n % 12 = 0 then 'rejected' else 'closed' end as state,
	'p' || n % 10 as proposer, timestamptz '2020-01-01Z' + n * interval '1 hour' as opened_at,
	(array['Upgrade', 'Replace', 'Move', 'Remove', 'Repair'])[1 + n % 5] || ' ' || (array['switch', 'database', 'firewall', 'printer'])[1 + n % 4] || ' ' || n % 97 as title,
	'host-' || n % 1000 as systems,
	(array['software technology', 'development tools', 'architecture design', 'network infrastructure', 'cybersecurity', '3rd-party tools and services'])[1 + n % 6] as category
from generate_series($1::int, $2::int) as n;

insert into changes (id, draft, number, state, revision, hash, proposer, implementer, attempt, passed_by, told, live, ever_live,
	held_from, open_ballots, title, major, restricted, opened_at, ended_at, updated_seq, body)
select id, draft, number, state, 1, 'hash', proposer, 'p1', 1, 'p2', true, state = 'closed', state = 'closed', '',
	case when state = 'proposed' then 1 else 0 end, title, n % 20 = 0, n % 50 = 0, opened_at,
	case when state <> 'proposed' then opened_at + interval '9 days' + n % 7 * interval '1 day' end, n, repeat(md5(n::text), 60)
from made;

insert into ballots (id, change, kind, person, revision, attempt, status, keyword, issued_at, due_at, answered_at)
select id || '-' || kind, id, kind, 'p' || (n / 7 + b) % 40, 1, 0, case when state = 'proposed' and b = 3 then 'open' else 'cast' end,
	case when state = 'proposed' and b = 3 then null else 'APPROVE' end, opened_at, opened_at + interval '2 days',
	case when state = 'proposed' and b = 3 then null else opened_at end
from made cross join (values (1, 'authorization'), (2, 'offer'), (3, 'check')) as asked (b, kind);

insert into register (change, name, ordinal, title, categories, proposer, opened_at, major, restricted, words, state, ended_at, people)
select m.id, m.number, 2026000000000 + n, m.title, array[m.category], m.proposer, m.opened_at, c.major, c.restricted,
	register_words(m.number || ' ' || m.title || ' ' || m.systems),
	case when c.ended_at is not null then c.state end, c.ended_at,
	case when c.ended_at is not null then array['p' || n % 10, 'p' || (n / 7 + 1) % 40, 'p' || (n / 7 + 2) % 40, 'p' || (n / 7 + 3) % 40] end
from made as m join changes as c using (id);

insert into messages (folder, uidvalidity, uid, disposition, reason, sha256, message_id_hash, content_key, sender, person,
	change, ballot, received_at, decided_at, size)
select 'INBOX', 1, 2 * n + m, 'counted', '', md5(n || 'm' || m), '', '', 'a@example.com', 'p1', id, '', opened_at, opened_at, 1000
from made cross join generate_series(0, 1) as m;

insert into attachments (message, n, name, type, sha256, bytes)
select id, 1, 'report.txt', 'text/plain', encode(sha256(sha256::bytea), 'hex'), sha256::bytea from messages where uid % 10 = 0 on conflict do nothing;

insert into outbox (message_id, change, ballot, notice, person, recipient, asks, kid, token_ballot, token_person, generation, body, at, state, due, attempts, ended_at)
select n || '-' || m, id, '', 'everyone-notice-released', 'p' || m, 'a@example.com', false, '', '', '', 0, '{}', opened_at, 'sent', opened_at, 1, opened_at
from made cross join generate_series(0, 2) as m;

insert into events (seq, at, subject_kind, subject, kind, prev, payload_hash, hash)
select 3 * n + e, opened_at, 'change', id, 'moved.1', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')
from made cross join generate_series(0, 2) as e;

insert into event_payloads (seq, salt, payload)
select seq, decode(repeat('00', 32), 'hex'), '{}' from events where seq % 10 = 0 on conflict do nothing;

drop table made`
