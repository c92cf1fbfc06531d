// Package compat keeps the promise that a client written literally from the reference works:
// odd spellings of methods, paths and fields, and routes the reference prints for two things.
//
// It is one table (table.go) and the handler that applies it before the router. Nothing else
// knows the reference's typos. The router and the modules see canonical requests only; answers
// to other spellings carry Deprecation: true and a Link to the canonical route.
//
// What it does to every request: methods are upper-cased; a GET may carry its parameters as a
// JSON body (the query wins); curPage and perPage are cur_page and per_page. Rows of the table
// whose canonical route does not exist yet answer 404, as that route does.
package compat
