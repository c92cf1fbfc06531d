// Package event is the calendar: events, meetings and livestreams, once or again and again.
package event
