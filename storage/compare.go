package storage

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// table is the rows of the projection, by what a person would call each.
type table map[string]any

func (t table) add(p projection) {
	t["change "+string(p.change.ID)] = p.change
	t.addBallots(p.ballots)
	t.addHands(p.hands)
	t.addRegister(p.register)
}

func (t table) addBallots(rows []ballotRow) {
	for _, b := range rows {
		t[fmt.Sprintf("change %s, ballot %s", b.Change, b.ID)] = b
	}
}

func (t table) addHands(rows []handRow) {
	for _, h := range rows {
		t[fmt.Sprintf("change %s, hand of %s", h.Change, h.Person)] = h
	}
}

func (t table) addRegister(rows ...registerRow) {
	for _, r := range rows {
		t[fmt.Sprintf("change %s, in the register", r.Change)] = r
	}
}

// compare holds the rows of the projection, and the numbers given, against the
// record.
func (t *Tx) compare(ctx context.Context, record *replay) ([]string, error) {
	stored, err := t.storedRows(ctx)
	if err != nil {
		return nil, err
	}
	told := table{}
	for _, p := range record.projections {
		told.add(p)
	}
	found := differences(stored, told)
	for _, compare := range []func(context.Context, *replay) ([]string, error){t.compareWords, t.compareNumbers} {
		wrong, err := compare(ctx, record)
		if err != nil {
			return nil, err
		}
		found = append(found, wrong...)
	}
	return found, nil
}

func (t *Tx) storedRows(ctx context.Context) (table, error) {
	var changes []changeRow
	err := t.tx.SelectContext(ctx, &changes, `
		select id, draft, number, state, revision, hash, proposer, implementer, attempt, passed_by,
			told, live, ever_live, held_from, open_ballots, title, major, restricted,
			opened_at, ended_at, updated_seq, body
		from changes`)
	if err != nil {
		return nil, fmt.Errorf("reading changes: %w", err)
	}
	var ballots []ballotRow
	err = t.tx.SelectContext(ctx, &ballots, `
		select id, change, kind, person, revision, attempt, status, keyword, issued_at, due_at, next_at, answered_at
		from ballots`)
	if err != nil {
		return nil, fmt.Errorf("reading ballots: %w", err)
	}
	var hands []handRow
	if err := t.tx.SelectContext(ctx, &hands, `select change, person, part from hands`); err != nil {
		return nil, fmt.Errorf("reading hands: %w", err)
	}
	register, err := t.registered(ctx)
	if err != nil {
		return nil, err
	}
	stored := table{}
	for _, c := range changes {
		stored["change "+string(c.ID)] = c
	}
	stored.addRegister(register...)
	stored.addBallots(ballots)
	stored.addHands(hands)
	return stored, nil
}

// differences says, row by row and column by column, where what is stored is
// not what the record tells.
func differences(stored, told table) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(merged(stored, told))) {
		is, should := stored[name], told[name]
		switch {
		case is == nil:
			found = append(found, name+": its row is missing")
		case should == nil:
			found = append(found, name+": has a row, but no event tells of it")
		default:
			found = append(found, differentColumns(name, reflect.ValueOf(is), reflect.ValueOf(should))...)
		}
	}
	return found
}

func merged(a, b table) table {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func differentColumns(name string, is, should reflect.Value) []string {
	var found []string
	for i := range is.NumField() {
		column := is.Type().Field(i).Tag.Get("db")
		a, b := text(is.Field(i)), text(should.Field(i))
		switch {
		case a == b:
		case column == "body":
			found = append(found, name+": body is not what its events tell")
		default:
			found = append(found, fmt.Sprintf("%s: %s is %s, its events tell %s", name, column, a, b))
		}
	}
	return found
}

// text is a column's value as a difference shows it.
func text(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return "empty"
		}
		v = v.Elem()
	}
	if at, ok := reflect.TypeAssert[time.Time](v); ok {
		return at.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprintf("%#v", v.Interface())
}
