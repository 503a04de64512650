package api

import (
	"context"

	"wardwatch/inventory/reorder"
	"wardwatch/tracking/hospital"
)

// ApproveAllIn are proposals to approve in one go.
type ApproveAllIn struct {
	Proposals []Looked `json:"proposals" doc:"At most 200."`
}

// Looked is a proposal as it was looked at.
type Looked struct {
	ID      reorder.ProposalID `json:"id"`
	Version int64              `json:"version" doc:"The version that was looked at. Another one is left as it is."`
}

// ApprovedAll is what was approved in one go.
type ApprovedAll struct {
	Together string `json:"together" doc:"Names what was approved, to take it back within a minute."`
	Approved int    `json:"approved"`
	Of       int    `json:"of"`
	Refused  string `json:"refused,omitempty" doc:"Why others were not approved; of several, the first reason."`
}

func (a *API) approveAll(ctx context.Context, by hospital.Actor, in ApproveAllIn) (ApprovedAll, error) {
	answers := make([]reorder.Answer, len(in.Proposals))
	for i, one := range in.Proposals {
		answers[i] = reorder.Answer{ID: one.ID, Version: one.Version}
	}
	batch, err := a.Desk.ApproveAll(ctx, by, answers)
	refused, err := partly(batch.Approved, err)
	return ApprovedAll{Together: batch.Mark, Approved: batch.Approved, Of: len(answers), Refused: refused}, err
}

// TogetherIn names what was approved in one go.
type TogetherIn struct {
	Mark string `path:"mark" json:"-" doc:"As approve-all answered it, or a proposal has it as together."`
}

// TakenBack is what became of it.
type TakenBack struct {
	TakenBack int    `json:"taken_back"`
	Of        int    `json:"of"`
	Refused   string `json:"refused,omitempty" doc:"Why others stay approved; of several, the first reason."`
}

func (a *API) undoTogether(ctx context.Context, by hospital.Actor, in TogetherIn) (TakenBack, error) {
	back, err := a.Desk.UndoAll(ctx, by, in.Mark)
	refused, err := partly(back.Many, err)
	return TakenBack{TakenBack: back.Many, Of: back.All, Refused: refused}, err
}

// partly is the sentence of a refusal of some beside others that went through; where
// none went through it stays an error.
func partly(through int, err error) (refused string, failed error) {
	if sentence := hospital.Sentence(err); through > 0 && sentence != "" {
		return sentence, nil
	}
	return "", err
}

func (a *API) undo(ctx context.Context, by hospital.Actor, in ProposalIn) (Proposal, error) {
	if err := a.Desk.Undo(ctx, by, in.ID); err != nil {
		return Proposal{}, err
	}
	p, err := a.Desk.Store.FindProposal(ctx, in.ID)
	return told(ctx, p, err)
}
