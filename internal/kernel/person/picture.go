package person

import (
	"context"
	"reflect"
	"sync"
)

// Pictured is what shows pictures that it has by their ids alone until an answer leaves. Card is;
// whatever else shows pictures beside people may be.
type Pictured interface {
	// Pictures names each picture that there is, and where it is shown.
	Pictures(show func(id string, at **File))
}

// Pictures implements Pictured.
func (c *Card) Pictures(show func(id string, at **File)) {
	if c.pictureID != nil {
		show(*c.pictureID, &c.Picture)
	}
	if c.coverID != nil {
		show(*c.coverID, &c.Cover)
	}
}

// Files gives files of an organization by id, in one statement.
type Files func(ctx context.Context, ids []string) (map[string]File, error)

// Dress puts the pictures into everything in an answer that shows some, wherever it stands. It asks
// for files once, and not at all when there is no picture: so that no list of people has to. What
// is in maps and behind interfaces by value stays without. A file that is gone is null.
func Dress(ctx context.Context, answer any, files Files) error {
	d := dresser{places: map[string][]**File{}}
	d.walk(reflect.ValueOf(answer))
	if len(d.ids) == 0 {
		return nil
	}
	found, err := files(ctx, d.ids)
	if err != nil {
		return err
	}
	for id, places := range d.places {
		f, ok := found[id]
		if !ok {
			continue
		}
		for _, at := range places {
			*at = &f
		}
	}
	return nil
}

type dresser struct {
	ids    []string
	places map[string][]**File
}

func (d *dresser) show(id string, at **File) {
	if _, known := d.places[id]; !known {
		d.ids = append(d.ids, id)
	}
	d.places[id] = append(d.places[id], at)
}

func (d *dresser) walk(v reflect.Value) {
	if !v.IsValid() || !showsPictures(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		d.walk(v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			d.walk(v.Index(i))
		}
	case reflect.Struct:
		if v.CanAddr() {
			if p, ok := v.Addr().Interface().(Pictured); ok {
				p.Pictures(d.show)
			}
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				d.walk(v.Field(i))
			}
		}
	default:
	}
}

var (
	pictured = reflect.TypeFor[Pictured]()
	shown    sync.Map // reflect.Type -> bool: what was found out about types, which do not change
)

// showsPictures reports whether something of a type can show pictures, so that answers without
// people are not looked through.
func showsPictures(t reflect.Type) bool {
	if known, ok := shown.Load(t); ok {
		return known.(bool) //nolint:forcetypeassert // nothing else is stored
	}
	found := contains(t, map[reflect.Type]bool{})
	shown.Store(t, found)
	return found
}

func contains(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true // it may
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return contains(t.Elem(), seen)
	case reflect.Struct:
		if reflect.PointerTo(t).Implements(pictured) {
			return true
		}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && contains(f.Type, seen) {
				return true
			}
		}
	default:
	}
	return false
}
