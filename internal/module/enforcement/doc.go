// Package enforcement is what follows from deadlines: templates say when people are reminded of
// what they have to do, and when they are restricted until they have done it. Tasks and courses
// name a template in notificationTemplateId; the reference calls it both enforcement template and
// notification template.
//
// # Who may do what
//
// Every member reads the templates, since everybody makes tasks that name one; holders of
// templates:manage make, change and delete them. Everybody reads from when and by what they are
// restricted, those managers of everybody; they waive restrictions, and give a reason.
//
// # Rules
//
//   - What somebody owes under a template (an obligation) is a task or course assigned to them that
//     has a deadline and is not completed. Each has at most one row here, changed in the
//     transaction that assigns, completes, reopens, moves or takes away what it is about.
//   - email, push and text are sent reminderTime × unit before the deadline, restrict begins that
//     long after it and sends nothing. A week is 7 and a day 24 hours, whatever clocks do
//     in between; 0 is the deadline itself.
//   - Of the reminders whose time is past when something is assigned, reopened, moved or put under a
//     template, the latest is sent at once, unless the deadline is past, too; those before it are
//     not sent any more. A server that was down sends late what fell into that time. What comes
//     late says by when something is due, and not how long there is. Reminders have a key by which
//     each is told at most once for a person and a deadline, also when something is reopened. What
//     is due under a template is sent before the template changes.
//   - Reminders are in the language and on the clock of the person's time zone.
//   - Media of the same time make one reminder. Everybody finds it in their inbox, too, whatever
//     channels they have. Former and blocked members are not reminded.
//   - A person is restricted from the earliest restrict of what they owe, to the millisecond, and
//     no longer when they have completed it, or its deadline or template has moved. Completing and
//     reopening does not help: what is past its time restricts again.
//   - While restricted they reach operations that are marked restricted in x-authz: their profile,
//     notifications, lists of tasks and courses, and single tasks, courses, documents, videos and
//     files only when those are outstanding or needed to finish what is. The rest answers 403
//     user.restricted and names what is outstanding, the first 100.
//   - Never the last administrator: an administrator is not restricted while every other active
//     one has been for longer, so that one can always act.
//   - A waiver lifts the restrictions that a person is under now. It ends with the obligation, and
//     when its deadline moves. Waiving nothing changes nothing.
//   - Deleting a template takes it off the tasks and courses that name it, and ends its reminders
//     and restrictions. systemEvent, type, subType, refId and orgContentTemplateId are kept and
//     given back; nothing depends on them.
//
// # Tables, events and jobs
//
// Owns enforcement_templates, enforcement_reminders and enforcement_obligations; kernel/restriction
// reads the last for authentication. Publishes enforcementTemplate.created, .updated and .deleted;
// restriction.began and restriction.ended (subject: the person; data: kind, itemId, userId),
// restriction.waived (subject: the person; data: by, reason, items), and restriction.changed
// (subject: item or template) when people may be restricted from another time on. The job
// enforcement.remind runs every minute and looks at what is due, by an index: its cost does not
// grow with what is not.
//
// # What it does not do
//
// It delivers nothing: reminders go to a Notifier, in the transaction that notes them as sent.
package enforcement
