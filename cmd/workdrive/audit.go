package main

import (
	"context"
	"fmt"

	"github.com/workdrive/workdrive/internal/app"
	"github.com/workdrive/workdrive/internal/kernel/authz"
)

type auditCommands struct {
	Verify auditVerifyCommand `cmd:"" help:"Check that nobody has changed, removed or added entries of an organization's audit log. Prints its end: keep it elsewhere, and compare."`
}

type auditVerifyCommand struct {
	target `embed:""`
}

func (c auditVerifyCommand) Run(ctx context.Context, std *stdio) error {
	return c.operate(ctx, std, func(a *app.App, who authz.Actor) error {
		end, err := a.Audits.Verify(ctx, who.OrgID)
		if err == nil {
			_, err = fmt.Fprintf(std.out, "%d entries, unbroken up to %s\n", end.Seq, end.Hash)
		}
		return err
	})
}
