using Microsoft.ML;
using Microsoft.ML.Data;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Rows of a training table as ML.NET reads them: one small object at a time, never a second copy of the table.</summary>
internal static class TableView
{
    internal static IDataView Of(MLContext context, TrainingTable table, ReadOnlyMemory<int> rows, double positiveWeight = 1, FeatureScaler? scaler = null)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, table.FeatureNames.Count);
        return context.Data.LoadFromEnumerable(Enumerate(table, rows, (float)positiveWeight, scaler), schema);
    }

    private static IEnumerable<Row> Enumerate(TrainingTable table, ReadOnlyMemory<int> rows, float positiveWeight, FeatureScaler? scaler)
    {
        for (var index = 0; index < rows.Length; index++)
        {
            var row = rows.Span[index];
            var (features, label) = (table.Features(row).ToArray(), table.Label(row));
            scaler?.Apply(features);
            yield return new Row { Features = features, Label = label, Weight = label ? positiveWeight : 1 };
        }
    }

    internal sealed class Row
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }

        public float Weight { get; set; } = 1;
    }
}
