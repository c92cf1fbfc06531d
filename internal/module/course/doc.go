// Package course is courses: ordered lists of tasks that people take, each at their own pace.
// The reference calls a course a task list.
//
// # Who may do what
//
// Every member makes courses and gives them to others. A course is seen by its author, by those
// who take it, and by holders of templates:manage, who see every task, too. For anybody else it
// does not exist (404). The author and those managers change, publish, arrange, assign and
// archive it, and see how far everybody is. Its tasks are made in module task (courseId).
//
// # Rules
//
//   - A course is a draft unless status says publish. A draft cannot be assigned (409
//     course.draft); a course that somebody takes cannot become a draft (409 course.assigned).
//   - Whoever gets a course gets its published tasks, and those published later. Nobody gets a
//     course with a document or video they may not read (409 task.unreadable).
//   - sequential: its tasks are done in their order.
//   - progress is the percentage of the caller's tasks that are completed. A course is completed
//     when all are; completedAt is when that was first so, and goes when a task is reopened.
//   - dueDate and dueDays are as for tasks. Each task has a deadline of its own.
//   - Deleting archives: nobody sees the course any more and what is open need not be done;
//     completions stay, and are listed at /api/courses/completions.
//   - Taking a course from somebody takes their progress away. Courses that they got through it stay.
//   - Categories are names of categories of module COURSE; others are refused.
//   - A course has at most one form, in the form of a form builder ({data:{components}}). Those
//     who take the course fill it in while it is accepting; filling it in again replaces what was
//     sent. Answers are held against the components: required, types, choices, lengths, pattern,
//     ranges; keys that the form does not have are refused.
//   - filter ALL_COURSES lists all that the caller may see; MY_COURSES what they take, CREATED_BY_ME
//     what they made, and no filter both of these. courseId and parentTaskListId are null and order is 0:
//     lists are not nested, a task of type TrainingCourse leads from one course to another.
//
// # Tables and events
//
// Owns courses, course_enrolments, course_forms and course_submissions. Publishes course.created,
// course.updated, course.archived, course.assigned and course.unassigned (data: people, up to 100
// an event), course.completed and course.reopened (data: userId), course.dueChanged and
// course.submitted. Obligations lists what is still to be taken. Whoever reminds is told, in the
// transaction, that what people owe on a course may have changed (Templates), and asks Owed.
package course
