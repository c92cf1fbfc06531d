package post

import (
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Texts lists the texts of the posts of a page, in order.
func Texts(p content.Page[message.Body]) []string {
	list := make([]string, len(p.Items))
	for i, item := range p.Items {
		list[i] = item.Body.Text
	}
	return list
}
