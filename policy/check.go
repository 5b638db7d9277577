package policy

// confirm records that an authorizer found the change as it was required (5).
func (t *turn) confirm(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.settle()
	return nil
}

// rework sends a released change back to its implementer, or an undo back to
// who undid it; it wins over other authorizers' answers.
func (t *turn) rework(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.why = t.dir.Name(a.By) + " has asked for rework."
	people := t.change.Involved()
	to := StateInProgress
	if t.change.State == StateUndone {
		to = StateUndoing
	}
	t.move(to, a.Fields.Get(LabelReason))
	t.tell(NoticeRework, "You have a part in this change.", people...)
	t.settle()
	return nil
}

// undo has a change taken out of production; it wins over other answers.
func (t *turn) undo(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.why = t.dir.Name(a.By) + " has asked to undo it."
	people := t.change.Involved()
	t.move(StateUndoing, a.Fields.Get(LabelReason))
	t.tell(NoticeUndoing, "You have a part in this change.", people...)
	t.settle()
	return nil
}

// documented records which documents were updated (8).
func (t *turn) documented(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.settle()
	return nil
}

// undone records that the change is out of production and tells everyone who
// was told of it.
func (t *turn) undone(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	t.takeOut(a)
	t.settle()
	return nil
}

func (t *turn) takeOut(a Answer) {
	if t.change.Implementer != a.By {
		t.emit(&Assigned{Implementer: a.By, Teams: t.teams(a.By), By: a.By, At: t.now})
	}
	t.why = t.dir.Name(a.By) + " has undone it."
	t.emit(&TakenOut{UndoneAt: a.Fields.Get(LabelUndoneAt), By: a.By, At: t.now})
	if t.change.Release.Ever {
		t.distributeUndone()
	}
	t.move(StateUndone, "")
}

// undoFailed reports that the change could not be undone.
func (t *turn) undoFailed(b Ballot, a Answer) *Refusal {
	t.cast(b, a)
	if t.change.Implementer != a.By {
		t.emit(&Assigned{Implementer: a.By, Teams: t.teams(a.By), By: a.By, At: t.now})
	}
	t.hold(Hold{From: StateUndoing, By: a.By, Why: a.Fields.Get(LabelReason), LeftAs: a.Fields.Get(LabelLeftAs)})
	t.settle()
	return nil
}

// takenOut says whether what is to be checked is an undo.
func (c Change) takenOut() bool { return c.Release.UndoneAt != "" && !c.Release.Live }

// advance takes the steps that follow by themselves once everyone asked has
// answered.
func (t *turn) advance() {
	if t.change.State == StateProposed {
		t.authorized()
	}
	if t.change.State == StateHeldUp {
		t.resume()
	}
	if (t.change.State == StateReleased || t.change.State == StateUndone) && t.change.done(t.dir, Change.checkedBy) {
		t.move(StateChecked, "")
	}
	if t.change.State == StateChecked && !t.change.Ratify && t.change.done(t.dir, Change.documentedBy) {
		t.finish()
	}
}

// finish ends a change whose check (5) and documents (8) are done.
func (t *turn) finish() {
	people := t.change.Involved()
	if t.change.takenOut() {
		t.move(StateRolledBack, "")
		t.tell(NoticeRolledBack, "You had a part in this change.", people...)
		return
	}
	t.move(StateClosed, "")
	t.tell(NoticeClosed, "You had a part in this change.", people...)
}
