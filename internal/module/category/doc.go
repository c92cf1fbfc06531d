// Package category is categories: names, with a color, that sort the content of one module of
// WorkDrive, such as posts or FAQs. It also numbers the modules (module codes).
//
// # Who may do what
//
// Every member reads categories and module codes; categories:manage creates, changes and
// deletes categories.
//
// # Rules
//
// A name is unique within its module whatever its case. A category stays in the module it was
// made for. A color is #RRGGBB; without one a category is grey. Deleting a category that is
// not there any more is a 404. Listing the categories of a code that no module has finds none.
//
// # Tables and events
//
// Owns categories. Publishes category.created, category.updated and category.deleted.
//
// # What it does not do
//
// It does not know the content that a category sorts: content names its category and is not
// changed when the category goes.
package category
