// Package task is what people are asked to do, by when, and how far each of them is: an article
// to read, a video or document, a quiz elsewhere, or a course to take.
//
// # Who may do what
//
// Every member makes tasks and gives them to others. A task is seen by its author, by those it
// is assigned to, and by holders of templates:manage: who decides how tasks are enforced answers
// for all of them. For anybody else it does not exist (404). The author and those managers
// change, assign and delete it and see how far everybody is; an assignee starts, completes and
// reopens their own part. A task in a course belongs to the author of the course, whoever adds it.
//
// # Rules
//
//   - task_type Link means QuizLink, Course means TrainingCourse. A task that is published has
//     what its type needs: content, videoId, link, documentId or trainingCourseTaskListId. Drafts
//     may be incomplete. Whatever the type, what a task names must be there for its author.
//   - A task is published unless status says draft. A draft cannot be assigned, and a task that
//     is assigned cannot become a draft (409 task.draft, task.assigned).
//   - Removals come before additions. Assigning somebody again changes nothing; removing somebody
//     takes their progress away. Nobody is assigned a document or video they may not read (409
//     task.unreadable, each person by pointer).
//   - An assignment is ASSIGNED, STARTED or COMPLETED. Starting or completing again, and
//     reopening what is not completed, changes nothing; what is completed must be reopened before it
//     is started. Completing starts too.
//   - dueDate is one deadline for everybody. Otherwise dueDays gives each assignee until the end
//     of that day after their assignment, in their own time zone; 0 or null is no deadline.
//     Changing either moves the deadlines of what is not completed. The author of a task that
//     is not assigned to them reads dueDays counted from its creation, in UTC.
//   - Videos may be named by their id or by an uploaded film of the author's, of which a video is
//     made, visible to the organization.
//   - In a course with an order, a task is started when those before it are completed (409
//     task.outOfOrder says which is missing). A task joins a course at its end, and whoever takes
//     the course gets it once it is published.
//   - A TrainingCourse task enrols its assignees in its course. It completes by itself when they
//     complete the course, and cannot be completed before. Courses do not contain themselves,
//     however long the way (409 task.courseCycle).
//   - A quiz may report that somebody has finished: the link its assignee gets carries an address
//     for that in the parameter workdrive_callback, signed for this assignee and for 30 days with
//     a key of this task. Replays change nothing.
//   - filter INDEPENDENT_TASKS_CREATED_BY_ME and INDEPENDENT_TASKS_ASSIGNED_TO_ME leave out what
//     is in courses; without one, what the caller made or was assigned is listed; ALL_TASKS adds,
//     for managers, everybody's. courseId lists one course in its order.
//   - time is minutes.
//
// # Tables and events
//
// Owns tasks and task_assignments. Publishes task.created, task.updated, task.deleted,
// task.assigned and task.unassigned (data: people, up to 100 an event), task.started,
// task.completed and task.reopened (data: userId), and task.dueChanged when deadlines moved.
// Obligations lists what is still to be done. Whoever reminds is told, in the transaction, that
// what people owe on a task with a template may have changed (Templates), and asks Owed.
//
// # What it does not do
//
// It reminds nobody and keeps no results of quizzes.
package task
