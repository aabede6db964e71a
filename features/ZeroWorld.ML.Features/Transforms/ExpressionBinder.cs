namespace ZeroWorld.ML.Features;

/// <summary>Chooses the overload of an operator or function for operands of known types.</summary>
internal static class ExpressionBinder
{
    private static readonly string[] Special = ["if", "coalesce", "is_null"];

    // Operators have a symbol; only these names are called.
    private static readonly string[] Functions =
    [
        "abs", "ceil", "day", "exp", "float64", "floor", "hour", "int64", "log", "max", "min", "minute", "month", "round", "sqrt", "weekday", "year",
        .. TextOperators.Names, .. NumberOperators.Names, .. VectorOperators.Names, .. TextFeatureOperators.Names,
    ];

    /// <param name="name">Name of the operator in the table.</param>
    /// <param name="shown">How the text calls it.</param>
    /// <exception cref="ExpressionException">No overload takes operands of these types.</exception>
    public static ExpressionNode Apply(string name, string shown, int position, params ReadOnlySpan<ExpressionNode> operands)
    {
        var overloads = ExpressionOperators.ByName[name];
        foreach (var widen in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (var overload in overloads)
            {
                if (overload.Accepts(operands, widen))
                {
                    return Make(overload, operands);
                }
            }
        }

        var expected = string.Join(
            " or ", overloads.Select(static overload => $"({string.Join(", ", overload.Parameters.Select(Name))}{(overload.IsVariadic ? ", ..." : "")})").Distinct());
        throw new ExpressionException(position, $"'{shown}' has {Types(operands)}; expected {expected}");
    }

    /// <exception cref="ExpressionException">There is no such function, or it does not take these arguments.</exception>
    public static ExpressionNode Call(string name, int position, ReadOnlySpan<ExpressionNode> arguments, List<int> positions)
    {
        switch (name)
        {
            case "if":
                RequireCount(name, position, arguments.Length, 3, 3);
                if (arguments[0].Type != FeatureType.Bool)
                {
                    throw new ExpressionException(positions[0], $"the condition of 'if' is {Name(arguments[0].Type)}; expected bool");
                }

                var (whenTrue, whenFalse) = Unify(name, positions[2], arguments[1], arguments[2]);
                return new IfNode(arguments[0], whenTrue, whenFalse);
            case "coalesce":
                RequireCount(name, position, arguments.Length, 2, int.MaxValue);
                var chosen = arguments[0];
                for (var index = 1; index < arguments.Length; index++)
                {
                    var (first, second) = Unify(name, positions[index], chosen, arguments[index]);
                    chosen = new CoalesceNode(first, second);
                }

                return chosen;
            case "is_null":
                RequireCount(name, position, arguments.Length, 1, 1);
                return new IsNullNode(arguments[0]);
            case "min" or "max":
                RequireCount(name, position, arguments.Length, 2, int.MaxValue);
                var folded = arguments[0];
                for (var index = 1; index < arguments.Length; index++)
                {
                    folded = Apply(name, name, positions[index], folded, arguments[index]);
                }

                return folded;
            default:
                if (!Functions.Contains(name))
                {
                    var known = string.Join(", ", Functions.Concat(Special).Order(StringComparer.Ordinal));
                    throw new ExpressionException(position, $"there is no function '{name}'; expected one of: {known}");
                }

                var overloads = ExpressionOperators.ByName[name];
                RequireCount(
                    name, position, arguments.Length, overloads.Min(static overload => overload.Parameters.Length),
                    overloads.Any(static overload => overload.IsVariadic) ? int.MaxValue : overloads.Max(static overload => overload.Parameters.Length));
                if (name == "bucket")
                {
                    NumberOperators.CheckEdges(arguments[1..], positions[1..]);
                }
                else if (arguments.Length > 1 && TextFeatureOperators.Names.Contains(name))
                {
                    TextFeatureOperators.CheckSettings(name, arguments[1], positions[1]);
                }

                return Apply(name, name, positions[0], arguments);
        }
    }

    /// <summary>Makes the value have the declared type: int64 becomes float64, and either becomes a declared float32 at the end.</summary>
    /// <returns><see langword="null"/> when the type does not fit.</returns>
    public static ExpressionNode? Convert(ExpressionNode node, FeatureType declared) => (node.Type, declared) switch
    {
        var (from, to) when from == to => node,
        (FeatureType.Int64, FeatureType.Float64) => new UnaryNode(ExpressionOperators.Widen, node),
        (FeatureType.Int64, FeatureType.Float32) => new UnaryNode(ExpressionOperators.Narrow, new UnaryNode(ExpressionOperators.Widen, node)),
        (FeatureType.Float64, FeatureType.Float32) => new UnaryNode(ExpressionOperators.Narrow, node),
        _ => null,
    };

    public static string Types(ReadOnlySpan<ExpressionNode> operands)
    {
        var names = new string[operands.Length];
        for (var index = 0; index < operands.Length; index++)
        {
            names[index] = Name(operands[index].Type);
        }

        return $"({string.Join(", ", names)})";
    }

    public static string Name(FeatureType type) => FeatureTypeNames.Of(type);

    private static ExpressionNode Make(ExpressionOperator overload, ReadOnlySpan<ExpressionNode> operands)
    {
        var widened = new ExpressionNode[operands.Length];
        for (var index = 0; index < widened.Length; index++)
        {
            widened[index] = Widened(overload, operands[index], index);
        }

        return overload.Many is not null ? new CallNode(overload, widened)
            : widened.Length == 1 ? new UnaryNode(overload, widened[0])
            : new BinaryNode(overload, widened[0], widened[1]);
    }

    private static ExpressionNode Widened(ExpressionOperator overload, ExpressionNode operand, int index) =>
        operand.Type == overload.ParameterAt(index) ? operand : new UnaryNode(ExpressionOperators.Widen, operand);

    private static (ExpressionNode First, ExpressionNode Second) Unify(string name, int position, ExpressionNode first, ExpressionNode second) =>
        (first.Type, second.Type) switch
        {
            var (left, right) when left == right => (first, second),
            (FeatureType.Int64, FeatureType.Float64) => (new UnaryNode(ExpressionOperators.Widen, first), second),
            (FeatureType.Float64, FeatureType.Int64) => (first, new UnaryNode(ExpressionOperators.Widen, second)),
            var (left, right) => throw new ExpressionException(position, $"'{name}' chooses between {Name(left)} and {Name(right)}; expected values of one type"),
        };

    private static void RequireCount(string name, int position, int count, int least, int most)
    {
        if (count < least || count > most)
        {
            var expected = least == most ? $"{least}" : most == int.MaxValue ? $"at least {least}" : $"{least} to {most}";
            throw new ExpressionException(position, $"'{name}' has {count} {(count == 1 ? "argument" : "arguments")}; expected {expected}");
        }
    }
}
