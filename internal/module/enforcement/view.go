package enforcement

import (
	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// View is a template as clients read it.
type View struct {
	ID          string         `json:"id" doc:"Id of the template"`
	Title       string         `json:"title" doc:"Title"`
	SystemEvent string         `json:"systemEvent" doc:"Kept for you"`
	Kind        string         `json:"type" doc:"Kept for you"`
	SubKind     string         `json:"subType" doc:"Kept for you"`
	Reminders   []ReminderView `json:"reminders" nullable:"false" doc:"When people are reminded and restricted"`
}

// ReminderView is one step of a template as clients read it.
type ReminderView struct {
	Medium            string  `json:"reminderType" enum:"email,push,text,restrict" doc:"email, push and text remind before the deadline; restrict keeps people from everything else from after it"`
	Unit              string  `json:"reminderTimeUnit" enum:"week,days,hours,minutes" doc:"Unit of reminderTime"`
	Amount            int64   `json:"reminderTime" doc:"How long before the deadline, or after it for restrict"`
	RefID             *string `json:"refId" doc:"Kept for you, or null"`
	ContentTemplateID *string `json:"orgContentTemplateId" doc:"Kept for you, or null"`
}

func viewOf(t Template) View {
	v := View{ID: t.ID, Title: t.Title, SystemEvent: t.SystemEvent, Kind: t.Kind, SubKind: t.SubKind, Reminders: make([]ReminderView, len(t.Reminders))}
	for i, r := range t.Reminders {
		v.Reminders[i] = ReminderView(r)
	}
	return v
}

// RestrictionView is whether somebody is restricted, and by what.
type RestrictionView struct {
	UserID      string            `json:"userId" doc:"Id of the person"`
	Restricted  bool              `json:"restricted" doc:"They reach only what they need to finish what is outstanding"`
	Since       *api.Time         `json:"since" doc:"From when on something restricts them, or null"`
	Exempt      bool              `json:"exempt" doc:"Something is outstanding and does not restrict them: they are the last administrator who can act"`
	Outstanding []api.Outstanding `json:"outstanding" nullable:"false" doc:"What restricts them, the longest first; the first 100"`
	Waived      []WaiverView      `json:"waived" nullable:"false" doc:"What would restrict them, had an administrator not waived it; the last 100"`
}

// WaiverView is a restriction that an administrator has lifted.
type WaiverView struct {
	api.Outstanding
	At     api.Time `json:"waivedAt" doc:"When it was waived"`
	By     string   `json:"waivedBy" doc:"Id of the administrator who did"`
	Reason string   `json:"reason" doc:"Why"`
}

func restrictionOf(st Status) RestrictionView {
	item := func(o obligation) fault.Outstanding {
		return fault.Outstanding{Kind: o.Kind, ID: o.ID, Title: st.Titles[o.Item], DueAt: o.DueAt}
	}
	v := RestrictionView{UserID: st.UserID, Restricted: st.Restricted, Exempt: st.Exempt, Waived: make([]WaiverView, len(st.Waived))}
	list := make([]fault.Outstanding, len(st.Outstanding))
	for i, o := range st.Outstanding {
		list[i] = item(o)
	}
	v.Outstanding = api.OutstandingOf(list)
	if len(list) > 0 {
		v.Since = api.AtPtr(st.Outstanding[0].RestrictAt)
	}
	for i, w := range st.Waived {
		v.Waived[i] = WaiverView{api.OutstandingOf([]fault.Outstanding{item(w.obligation)})[0], api.At(*w.WaivedAt), w.By, w.Reason}
	}
	return v
}
