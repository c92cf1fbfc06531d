// Package department is the departments of an organization: who belongs to them and who heads
// them.
//
// # Who may do what
//
// Every member reads departments, their people and their heads. departments:manage creates,
// renames and deletes departments and says who belongs to them and who heads them.
//
// # Rules
//
//   - A person is in one department: adding moves them, and they head nothing there unless the
//     request says so.
//   - A department with people has a head. The first person becomes one when none is marked.
//     Moving away the last head of another department makes its longest-standing member head.
//     Taking away the last head otherwise is a 409 department.needsHead.
//   - With an administration request (/admin) everybody in add becomes head, and a member,
//     whatever their isAdmin says. In other requests isAdmin makes a head; where it is absent,
//     isDepartmentHead does. Neither demotes anybody: that is what remove is for.
//   - Removals come before additions; removing somebody who is not there changes nothing.
//     existingDept is read and not used: the directory knows where people are.
//   - Names are unique whatever their case. Former members are neither counted nor listed nor
//     heads, and cannot be added.
//   - Deleting a department leaves its people without one.
//
// Changes of people are decided under the directory lock, as in package user.
//
// # Tables and events
//
// Owns departments; writes users.department_id and users.is_department_head. Publishes
// department.created, department.updated, department.deleted and department.membersChanged
// (heads included), the last also for the departments people left.
//
// # What it does not do
//
// It gives heads no capabilities and does not know the on- and off-boarding settings of a
// department.
package department
