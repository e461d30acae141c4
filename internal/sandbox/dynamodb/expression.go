package dynamodb

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// maxExpression is the size limit of an expression in bytes.
const maxExpression = 4 << 10

var expressionToken = regexp.MustCompile(`^\s*([#:][A-Za-z0-9_]+|[A-Za-z_][A-Za-z0-9_]*|<=|[=(),])`)

// A parser reads one expression:
//
//	or      = and *( "OR" and )
//	and     = term *( "AND" term )
//	term    = "(" or ")" / name ( "=" / "<=" ) value
//	        / ( "attribute_exists" / "attribute_not_exists" ) "(" name ")"
//	        / "begins_with" "(" name "," value ")"
//
// A name is a placeholder that begins with "#": plain names are refused, so that
// no list of reserved words is needed here.
type parser struct {
	parameter string // for errors
	tokens    []string
	names     map[string]string
	values    map[string]value
	used      map[string]bool
}

// parse reads an expression. Without one there must be no names and values.
func parse(parameter, text string, names map[string]string, values map[string]value) (condition, error) {
	if text == "" {
		if len(names) > 0 || len(values) > 0 {
			return nil, invalid("ExpressionAttributeNames and ExpressionAttributeValues can only be specified when using expressions: %s is null", parameter)
		}
		return always{}, nil
	}
	p := &parser{parameter: parameter, names: names, values: values, used: map[string]bool{}}
	if err := p.split(text); err != nil {
		return nil, err
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, p.syntax()
	}
	return c, p.unused()
}

func (p *parser) split(text string) error {
	if len(text) > maxExpression {
		return p.fault("Expression size has exceeded the maximum allowed size; expression size: %d", len(text))
	}
	for text = strings.TrimSpace(text); text != ""; {
		found := expressionToken.FindStringSubmatch(text)
		if found == nil {
			return notEmulated("this in a %s: %q", p.parameter, text)
		}
		p.tokens = append(p.tokens, found[1])
		text = text[len(found[0]):]
	}
	return nil
}

func (p *parser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.word("OR") {
		var right condition
		right, err = p.and()
		left = either{left, right}
	}
	return left, err
}

func (p *parser) and() (condition, error) {
	left, err := p.term()
	for err == nil && p.word("AND") {
		var right condition
		right, err = p.term()
		left = all{left, right}
	}
	return left, err
}

func (p *parser) term() (condition, error) {
	switch next := p.peek(); {
	case next == "(":
		p.take()
		c, err := p.or()
		if err != nil {
			return nil, err
		}
		return c, p.demand(")")
	case strings.HasPrefix(next, "#"):
		return p.comparison()
	case len(p.tokens) > 1 && p.tokens[1] == "(":
		return p.function()
	case next == "" || strings.ContainsAny(next, ":=<(),"):
		return nil, p.syntax()
	default:
		return nil, notEmulated("the word %s in a %s; attributes are named by placeholders", next, p.parameter)
	}
}

func (p *parser) comparison() (condition, error) {
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	comparator := p.peek()
	if comparator != opEqual && comparator != opAtMost {
		return nil, p.syntax()
	}
	p.take()
	to, err := p.value()
	return compared{name, comparator, to}, err
}

func (p *parser) function() (condition, error) {
	function := p.take()
	p.take() // the bracket, seen by term
	if !slices.Contains([]string{funcExists, funcNotExists, funcBegins}, function) {
		return nil, notEmulated("the function %s", function)
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	if function != funcBegins {
		return existing{name, function == funcExists}, p.demand(")")
	}
	if err := p.demand(","); err != nil {
		return nil, err
	}
	with, err := p.value()
	if err != nil {
		return nil, err
	}
	if with.kind == kindNumber {
		return nil, p.fault("Incorrect operand type for operator or function; operator or function: begins_with, operand type: N")
	}
	return begins{name, with}, p.demand(")")
}

func (p *parser) name() (string, error) {
	placeholder := p.peek()
	if !strings.HasPrefix(placeholder, "#") {
		return "", p.syntax()
	}
	name, ok := p.names[placeholder]
	if !ok {
		return "", p.fault("An expression attribute name used in the document path is not defined; attribute name: %s", placeholder)
	}
	p.used[p.take()] = true
	return name, nil
}

func (p *parser) value() (value, error) {
	placeholder := p.peek()
	if !strings.HasPrefix(placeholder, ":") {
		return value{}, p.syntax()
	}
	v, ok := p.values[placeholder]
	if !ok {
		return value{}, p.fault("An expression attribute value used in expression is not defined; attribute value: %s", placeholder)
	}
	p.used[p.take()] = true
	return v, nil
}

// unused refuses what was sent for an expression and is not in it.
func (p *parser) unused() error {
	for _, name := range slices.Sorted(maps.Keys(p.names)) {
		if !p.used[name] {
			return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if !p.used[name] {
			return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", name)
		}
	}
	return nil
}

func (p *parser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) take() string {
	next := p.tokens[0]
	p.tokens = p.tokens[1:]
	return next
}

// word takes a keyword, which may be in any case.
func (p *parser) word(keyword string) bool {
	if !strings.EqualFold(p.peek(), keyword) {
		return false
	}
	p.take()
	return true
}

func (p *parser) demand(token string) error {
	if p.peek() != token {
		return p.syntax()
	}
	p.take()
	return nil
}

func (p *parser) syntax() error {
	next := p.peek()
	if next == "" {
		next = "<EOF>"
	}
	return p.fault("Syntax error; token: %q, near: %q", next, strings.Join(p.tokens[:min(3, len(p.tokens))], " "))
}

func (p *parser) fault(format string, args ...any) error {
	return invalid("Invalid "+p.parameter+": "+format, args...)
}
