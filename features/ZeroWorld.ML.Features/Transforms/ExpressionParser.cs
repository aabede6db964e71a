using System.Globalization;

namespace ZeroWorld.ML.Features;

/// <summary>Reads an expression into typed nodes: recursive descent, one method per level of precedence.</summary>
/// <remarks>
/// or &lt; and &lt; not &lt; comparison (one, not chained) &lt; + - &lt; * / % &lt; unary minus &lt; literal, name, call, parentheses.
/// Length, nesting and size are bounded, so that no definition can exhaust the stack.
/// </remarks>
internal sealed class ExpressionParser
{
    public const int LengthMax = 4096;
    private const int NestingMax = 64;
    private const int OperatorsMax = 500;

    private readonly List<ExpressionToken> _tokens;
    private readonly ExpressionScope _scope;
    private int _at;
    private int _nesting;
    private int _operators;

    private ExpressionParser(List<ExpressionToken> tokens, ExpressionScope scope)
    {
        _tokens = tokens;
        _scope = scope;
    }

    private ExpressionToken Current => _tokens[_at];

    /// <exception cref="ExpressionException">The text is no expression over the scope; position and what was expected are in it.</exception>
    public static ExpressionNode Parse(string text, ExpressionScope scope)
    {
        if (text.Length > LengthMax)
        {
            throw new ExpressionException(LengthMax, $"the expression has {text.Length} characters; expected at most {LengthMax}");
        }

        var parser = new ExpressionParser(ExpressionLexer.Read(text), scope);
        var node = parser.ParseOr();
        return parser.Current.Kind == ExpressionTokenKind.End
            ? node
            : throw new ExpressionException(parser.Current.Position, $"{parser.Current.Display} does not belong here; expected an operator or the end of the expression");
    }

    private ExpressionNode ParseOr()
    {
        Enter();
        var left = ParseAnd();
        while (TakeName("or", out var position))
        {
            left = Logic("or", position, left, ParseAnd());
        }

        _nesting--;
        return left;
    }

    private ExpressionNode ParseAnd()
    {
        var left = ParseNot();
        while (TakeName("and", out var position))
        {
            left = Logic("and", position, left, ParseNot());
        }

        return left;
    }

    private ExpressionNode ParseNot()
    {
        if (!TakeName("not", out var position))
        {
            return ParseComparison();
        }

        Enter();
        var operand = ParseNot();
        _nesting--;
        return ExpressionBinder.Apply("not", "not", Counted(position), operand);
    }

    private ExpressionNode ParseComparison()
    {
        var left = ParseSum();
        if (!TakeOperator(["<=", "<", ">=", ">", "=", "==", "!=", "<>"], out var symbol, out var position))
        {
            return left;
        }

        var name = symbol switch { "<=" => "le", "<" => "lt", ">=" => "ge", ">" => "gt", "=" or "==" => "eq", _ => "ne" };
        var node = ExpressionBinder.Apply(name, symbol, Counted(position), left, ParseSum());
        return TakeOperator(["<=", "<", ">=", ">", "=", "==", "!=", "<>"], out var second, out var chained)
            ? throw new ExpressionException(chained, $"'{second}' follows another comparison; expected 'and', 'or' or parentheses between them")
            : node;
    }

    private ExpressionNode ParseSum()
    {
        var left = ParseTerm();
        while (TakeOperator(["+", "-"], out var symbol, out var position))
        {
            left = ExpressionBinder.Apply(symbol == "+" ? "add" : "subtract", symbol, Counted(position), left, ParseTerm());
        }

        return left;
    }

    private ExpressionNode ParseTerm()
    {
        var left = ParseUnary();
        while (TakeOperator(["*", "/", "%"], out var symbol, out var position))
        {
            var name = symbol switch { "*" => "multiply", "/" => "divide", _ => "modulo" };
            left = ExpressionBinder.Apply(name, symbol, Counted(position), left, ParseUnary());
        }

        return left;
    }

    private ExpressionNode ParseUnary()
    {
        if (!TakeOperator(["-"], out _, out var position))
        {
            return ParsePrimary();
        }

        // A number behind the sign is one literal: the smallest int64 has no positive twin.
        if (Current is { Kind: ExpressionTokenKind.Integer, Integer: var magnitude })
        {
            _at++;
            return Literal(FeatureValue.FromInt64(unchecked(-(long)magnitude)));
        }

        if (Current is { Kind: ExpressionTokenKind.Number, Number: var number })
        {
            _at++;
            return Literal(FeatureValue.FromFloat64(-number));
        }

        Enter();
        var operand = ParseUnary();
        _nesting--;
        return ExpressionBinder.Apply("negate", "-", Counted(position), operand);
    }

    private ExpressionNode ParsePrimary()
    {
        var token = Current;
        _at++;
        switch (token.Kind)
        {
            case ExpressionTokenKind.Integer when token.Integer <= long.MaxValue:
                return Literal(FeatureValue.FromInt64((long)token.Integer));
            case ExpressionTokenKind.Integer:
                throw new ExpressionException(token.Position, $"{token.Text} is too great for an int64; expected at most {long.MaxValue}");
            case ExpressionTokenKind.Number:
                return Literal(FeatureValue.FromFloat64(token.Number));
            case ExpressionTokenKind.Text:
                return Literal(FeatureValue.FromString(token.Text));
            case ExpressionTokenKind.Name when token.Text is "true" or "false":
                return Literal(FeatureValue.FromBool(token.Text == "true"));
            case ExpressionTokenKind.Name when Current is { Kind: ExpressionTokenKind.Symbol, Text: "(" }:
                return ParseCall(token);
            case ExpressionTokenKind.Name when token.Text is not ("and" or "or" or "not"):
                return _scope.Resolve(token.Text, token.Position);
            case ExpressionTokenKind.Symbol when token.Text == "(":
                var node = ParseOr();
                Expect(")");
                return node;
            default:
                _at--;
                throw new ExpressionException(token.Position, $"{token.Display} does not belong here; expected a value: a name, a number, a string, a call or '('");
        }
    }

    private ExpressionNode ParseCall(ExpressionToken name)
    {
        Expect("(");
        var arguments = new List<ExpressionNode>();
        var positions = new List<int>();
        if (Current is not { Kind: ExpressionTokenKind.Symbol, Text: ")" })
        {
            do
            {
                positions.Add(Current.Position);
                arguments.Add(ParseOr());
            }
            while (TakeOperator([","], out _, out _));
        }

        Expect(")");
        for (var index = 0; index < Math.Max(1, arguments.Count - 1); index++)
        {
            Counted(name.Position);
        }

        return ExpressionBinder.Call(name.Text, name.Position, [.. arguments], positions);
    }

    private LogicNode Logic(string name, int position, ExpressionNode left, ExpressionNode right)
    {
        Counted(position);
        return left.Type == FeatureType.Bool && right.Type == FeatureType.Bool
            ? new LogicNode(name == "and", left, right)
            : throw new ExpressionException(position, $"'{name}' has {ExpressionBinder.Types([left, right])}; expected (bool, bool)");
    }

    private static LiteralNode Literal(FeatureValue value) => new(value, value.Type switch
    {
        // Quotes doubled as in the source, so that no string can look like another expression; R keeps every bit of a number.
        FeatureType.String => $"'{value.AsString().Replace("'", "''", StringComparison.Ordinal)}'",
        FeatureType.Float64 => $"{value.AsFloat64().ToString("R", CultureInfo.InvariantCulture)}f",
        _ => value.ToString(),
    });

    private bool TakeName(string name, out int position)
    {
        position = Current.Position;
        if (Current.Kind != ExpressionTokenKind.Name || Current.Text != name)
        {
            return false;
        }

        _at++;
        return true;
    }

    private bool TakeOperator(ReadOnlySpan<string> symbols, out string symbol, out int position)
    {
        (symbol, position) = (Current.Text, Current.Position);
        if (Current.Kind != ExpressionTokenKind.Symbol || !symbols.Contains(Current.Text))
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string symbol)
    {
        if (!TakeOperator([symbol], out _, out _))
        {
            throw new ExpressionException(Current.Position, $"{Current.Display} does not belong here; expected '{symbol}'");
        }
    }

    private void Enter()
    {
        if (++_nesting > NestingMax)
        {
            throw new ExpressionException(Current.Position, $"the expression is nested too deep; expected at most {NestingMax} levels");
        }
    }

    private int Counted(int position) => ++_operators <= OperatorsMax
        ? position
        : throw new ExpressionException(position, $"the expression has too many operators; expected at most {OperatorsMax}");
}
