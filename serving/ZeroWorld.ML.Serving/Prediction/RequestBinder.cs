using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>Checks the columns of a request against a plan and brings them to the declared types. Pure.</summary>
internal static class RequestBinder
{
    private const string EntityKind = "entity column";
    private const string RequestKind = "request column";

    /// <param name="now">The moment of the read for rows that name none, microseconds since the epoch.</param>
    /// <exception cref="ServingException"><see cref="ServingError.InvalidInput"/>: names the column, its values and what was expected.</exception>
    public static BoundRequest Bind(PredictionPlan plan, PredictionRequest request, int rowsMax, long now)
    {
        var rows = CountRows(request, rowsMax);
        var keys = new BoundColumn[plan.Keys.Length];
        for (var index = 0; index < keys.Length; index++)
        {
            var key = plan.Keys[index];
            var column = Find(request.Entities, key.Name, EntityKind)
                ?? throw Invalid($"The {EntityKind} '{key.Name}' ({key.Type.ToText()}) is missing. {plan.Reader} needs {Names(plan.Keys)}.");
            keys[index] = Convert(EntityKind, column, key.Type);
        }

        var values = BindValues(plan, request);
        var time = BindTime(request, now);
        CheckUnknown(plan, request);
        return new BoundRequest(rows, keys, values, time);
    }

    private static int CountRows(PredictionRequest request, int rowsMax)
    {
        // Entities first: they say how many rows there are, and a request column that disagrees is the one that is wrong.
        var rows = 1;
        var decisive = "";
        Count(request.Entities, EntityKind, ref rows, ref decisive);
        Count(request.Request, RequestKind, ref rows, ref decisive);
        return rows <= rowsMax ? rows : throw Invalid($"The request has {rows} rows; expected at most {rowsMax}.");
    }

    private static void Count(IReadOnlyList<RequestColumn> columns, string kind, ref int rows, ref string decisive)
    {
        for (var index = 0; index < columns.Count; index++)
        {
            var (name, _, values) = columns[index];
            if (values.Length == 0)
            {
                throw Invalid($"The {kind} '{name}' has no values; expected one, or one per row.");
            }

            if (values.Length == 1 || values.Length == rows)
            {
                continue;
            }

            if (rows > 1)
            {
                throw Invalid($"The {kind} '{name}' has {values.Length} values; expected 1 or {rows}, as many as '{decisive}' has.");
            }

            (rows, decisive) = (values.Length, name);
        }
    }

    private static BoundColumn[] BindValues(PredictionPlan plan, PredictionRequest request)
    {
        var declared = plan.Service.Service.RequestValues;
        var values = new BoundColumn[declared.Count];
        for (var index = 0; index < values.Length; index++)
        {
            var (name, type, fallback) = declared[index];
            if (Find(request.Request, name, RequestKind) is not { } column)
            {
                values[index] = fallback.IsNull
                    ? throw Invalid($"The {RequestKind} '{name}' ({type.ToText()}) is missing, and it has no default.")
                    : plan.RequestDefaults[index];
                continue;
            }

            values[index] = FillNulls(Convert(RequestKind, column, type), name, fallback);
        }

        return values;
    }

    private static BoundColumn FillNulls(BoundColumn column, string name, FeatureValue fallback)
    {
        var source = column.Values.Span;
        FeatureValue[]? filled = null;
        bool[]? defaulted = null;
        for (var row = 0; row < source.Length; row++)
        {
            if (!source[row].IsNull)
            {
                continue;
            }

            if (fallback.IsNull)
            {
                throw Invalid($"The {RequestKind} '{name}' is null in row {row}, and it has no default.");
            }

            filled ??= source.ToArray();
            defaulted ??= new bool[source.Length];
            (filled[row], defaulted[row]) = (fallback, true);
        }

        return filled is null ? column : new BoundColumn(filled, defaulted);
    }

    private static long[] BindTime(PredictionRequest request, long now)
    {
        if (Find(request.Request, FeatureService.TimeValue, RequestKind) is not { } column)
        {
            return [now];
        }

        var source = Convert(RequestKind, column, FeatureType.Timestamp).Values.Span;
        var time = new long[source.Length];
        for (var row = 0; row < time.Length; row++)
        {
            time[row] = source[row].IsNull ? now : source[row].AsInt64();
        }

        return time;
    }

    private static BoundColumn Convert(string kind, RequestColumn column, FeatureType type)
    {
        if (column.Type == type)
        {
            return new BoundColumn(column.Values);
        }

        if (!ValueCoercion.CanConvert(column.Type, type))
        {
            throw Invalid($"The {kind} '{column.Name}' holds {column.Type.ToText()} values; expected {type.ToText()}.");
        }

        var source = column.Values.Span;
        var converted = new FeatureValue[source.Length];
        for (var row = 0; row < converted.Length; row++)
        {
            if (!ValueCoercion.TryConvert(source[row], type, out converted[row]))
            {
                throw Invalid($"The {kind} '{column.Name}' holds the {column.Type.ToText()} {source[row]} in row {row}; expected {Expected(type)}.");
            }
        }

        return new BoundColumn(converted);
    }

    private static string Expected(FeatureType type) => type switch
    {
        FeatureType.Timestamp => "a timestamp with a zone such as 2018-08-08T12:00:00Z",
        _ => $"a value that {type.ToText()} holds exactly",
    };

    private static RequestColumn? Find(IReadOnlyList<RequestColumn> columns, string name, string kind)
    {
        RequestColumn? found = null;
        for (var index = 0; index < columns.Count; index++)
        {
            if (string.Equals(columns[index].Name, name, StringComparison.Ordinal))
            {
                found = found is null ? columns[index] : throw Invalid($"The {kind} '{name}' is given twice.");
            }
        }

        return found;
    }

    /// <summary>Refuses columns that nothing reads: most are typing errors, and silence would score with a default.</summary>
    private static void CheckUnknown(PredictionPlan plan, PredictionRequest request)
    {
        for (var index = 0; index < request.Entities.Count; index++)
        {
            if (!IsKey(plan, request.Entities[index].Name))
            {
                throw Invalid($"The {EntityKind} '{request.Entities[index].Name}' is not known. {plan.Reader} needs {Names(plan.Keys)}.");
            }
        }

        for (var index = 0; index < request.Request.Count; index++)
        {
            if (!IsRequestValue(plan, request.Request[index].Name))
            {
                var names = string.Join(", ", plan.Service.Service.RequestValues.Select(static value => $"'{value.Name}'").Append($"'{FeatureService.TimeValue}'"));
                throw Invalid($"The {RequestKind} '{request.Request[index].Name}' is not known. {plan.Reader} takes {names}.");
            }
        }
    }

    private static bool IsKey(PredictionPlan plan, string name)
    {
        foreach (var key in plan.Keys)
        {
            if (key.Name == name)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsRequestValue(PredictionPlan plan, string name)
    {
        var declared = plan.Service.Service.RequestValues;
        for (var index = 0; index < declared.Count; index++)
        {
            if (declared[index].Name == name)
            {
                return true;
            }
        }

        return name == FeatureService.TimeValue;
    }

    private static string Names(EntityKey[] keys) =>
        keys.Length == 0 ? "no entities" : string.Join(", ", keys.Select(static key => $"'{key.Name}' ({key.Type.ToText()})"));

    private static ServingException Invalid(string message) => new(ServingError.InvalidInput, message);
}
