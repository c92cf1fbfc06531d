// Package faq is questions and answers. An FAQ, a set as the reference's kb, has a name, owners
// and a time until which it is valid (kernel/knowledge), and up to 200 questions with their
// answers. People read a list of questions, of all the sets they may see.
//
// Who may do what is as with every kind of content that has owners (kernel/content). Comments,
// reactions and bookmarks are on the set; the id of one of its questions names it everywhere.
//
// Choices where the reference is silent: kbId and id are the id of the set; a question's id is
// accepted in its place, and deleting that deletes the question alone, and with the last one the
// set; in qas of a change an entry with an id changes that question and one without adds one; a
// row of the list has its tags as one string, as printed, and as tagList; questions are in the
// order they were added, sets newest first; a set that has expired is listed for its owners.
//
// Tables: faqs, faq_questions; rows of content_people. Events: faq.created, faq.published,
// faq.updated, faq.expired, faq.deleted, faq.moderated.
package faq
