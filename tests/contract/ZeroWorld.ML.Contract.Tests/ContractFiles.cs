using System.Text;

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>Writes the events and reads of a case as CSV and imports them: the source table and the spine.</summary>
internal static class ContractFiles
{
    public const string SpineTable = "spine";
    public const string SpineTime = "q";

    public static async Task ImportAsync(
        IOfflineStore store, FeatureServicePlan plan, ContractCase item, string folder, CancellationToken cancellationToken)
    {
        var view = plan.Views[0].View;
        var keyType = view.Entity.Keys[0].Type;
        List<OfflineColumn> columns =
        [
            new(ContractViews.EventTimeColumn, FeatureType.Timestamp),
            new(ContractViews.CreatedTimeColumn, FeatureType.Timestamp),
            new(ContractViews.KeyName, keyType),
            .. view.StoredColumns.Select(static column => new OfflineColumn(column.Name, column.Type)),
        ];
        if (view.Source.EventIdColumn is { } id)
        {
            columns.Add(new OfflineColumn(id, item.HasIntegerEventId ? FeatureType.Int64 : FeatureType.String));
        }

        // A source without any row is refused; one of somebody else is a history without this entity.
        var nobody = keyType == FeatureType.Int64 ? FeatureValue.FromInt64(-1_234_567) : FeatureValue.FromString("nobody");
        var id0 = item.HasIntegerEventId ? FeatureValue.FromInt64(0) : FeatureValue.FromString("0");
        IReadOnlyList<ContractEvent> recordings = item.Events.Count > 0
            ? item.Events
            : [new ContractEvent(nobody, 0, 0, id0, new Dictionary<string, FeatureValue>())];
        var events = recordings.Select(recorded => (IEnumerable<FeatureValue>)
        [
            FeatureValue.FromTimestamp(recorded.Event),
            FeatureValue.FromTimestamp(recorded.Created),
            recorded.Key,
            .. view.StoredColumns.Select(recorded.ValueOf),
            .. view.Source.EventIdColumn is null ? Array.Empty<FeatureValue>() : [recorded.Id],
        ]);
        await ImportAsync(store, plan, view.Source.Table, columns, events, folder, cancellationToken);

        var reads = item.Reads.Select(static read => (IEnumerable<FeatureValue>)
        [
            FeatureValue.FromTimestamp(read.Q), read.Key, read.Request.GetValueOrDefault("v", FeatureValue.Null(FeatureType.Float64)),
        ]);
        await ImportAsync(
            store,
            plan,
            SpineTable,
            [new(SpineTime, FeatureType.Timestamp), new(ContractViews.KeyName, keyType), new("v", FeatureType.Float64)],
            reads,
            folder,
            cancellationToken);
    }

    public static async Task ImportAsync(
        IOfflineStore store,
        FeatureServicePlan plan,
        string table,
        List<OfflineColumn> columns,
        IEnumerable<IEnumerable<FeatureValue>> rows,
        string folder,
        CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, $"{plan.Service.Project}-{table}.csv");
        var text = new StringBuilder().AppendJoin(',', columns.Select(static column => column.Name)).Append('\n');
        foreach (var row in rows)
        {
            text.AppendJoin(',', row.Select(ToField)).Append('\n');
        }

        await File.WriteAllTextAsync(path, text.ToString(), cancellationToken);
        await store.ImportAsync(new TableImport(plan.Service.Project, table, path, columns, null), cancellationToken);
    }

    private static string ToField(FeatureValue value) => value.IsNull ? "" : value.Type switch
    {
        FeatureType.String => $"\"{value.AsString().Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        FeatureType.Float64 when double.IsInfinity(value.AsFloat64()) => value.AsFloat64() > 0 ? "inf" : "-inf",
        _ => value.ToString(),
    };
}
