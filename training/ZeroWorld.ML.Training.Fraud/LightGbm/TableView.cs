using Microsoft.ML;
using Microsoft.ML.Data;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Rows of a training table as ML.NET reads them: one small object at a time, never a second copy of the table.</summary>
internal static class TableView
{
    internal static IDataView Of(MLContext context, TrainingTable table, ReadOnlyMemory<int> rows)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, table.FeatureNames.Count);
        return context.Data.LoadFromEnumerable(Enumerate(table, rows), schema);
    }

    private static IEnumerable<Row> Enumerate(TrainingTable table, ReadOnlyMemory<int> rows)
    {
        for (var index = 0; index < rows.Length; index++)
        {
            var row = rows.Span[index];
            yield return new Row { Features = table.Features(row).ToArray(), Label = table.Label(row) };
        }
    }

    internal sealed class Row
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }
}
