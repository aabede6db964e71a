using System.Globalization;

namespace ZeroWorld.ML.Features.Tests;

public sealed class TransformColumnsTests
{
    private static readonly (string Type, string Expression)[] Expressions =
    [
        ("int64", "n + 3 * m"), ("float64", "x / y - 2.5"), ("float64", "if(x > y, x, n)"), ("bool", "x > 0 and flag or is_null(n)"), ("int64", "coalesce(n, m, 7)"),
        ("string", "if(flag, lower(s), upper(t))"), ("string", "concat(s, '-', t, string(n))"), ("int64", "length(trim(s))"), ("string", "substring(s, n, 2)"),
        ("string", "replace(s, 'a', t)"), ("bool", "contains(s, 'a')"), ("bool", "starts_with(s, t) or ends_with(s, t)"), ("int64", "hash_bucket(s, 16)"),
        ("int64", "hash(n)"), ("int64", "bucket(x, -1.5, 0, 2)"), ("float64", "clip(x, -1.0, 1.0)"), ("int64", "clip(n, 0, 2)"), ("float64", "pow(x, 2.0)"),
        ("float64", "dot(vector(x, y, 1), vector(n, m, 2))"), ("float64", "norm(vector(x, y))"), ("float64", "cosine(vector(x, 1), vector(y, 1))"),
        ("float64", "element(vector(x, y), n)"), ("int64", "size(vector(x, y)) + hour(time)"), ("int64", "day_of_year(time) + second(time)"), ("float32", "t1 * 1.0 + x"),
        ("bool", "is_nan(x)"), ("timestamp", "time + n"), ("int64", "epoch_seconds(time) % 60"), ("float64", "min(x, y, n) + max(x, y)"),
    ];

    private readonly FeatureServicePlan _plan = new(
        DefinitionLoader.Load([new DefinitionFile("columns.yaml", Yaml())]).GetService("columns"), static _ => true);

    [Fact]
    public void RunTransforms_Columns_HaveTheBitsOfRows()
    {
        const int Rows = 500;
        var random = new Random(7);
        var moments = Enumerable.Range(0, Rows).Select(_ => random.NextInt64(-4_000_000_000_000_000, 4_000_000_000_000_000)).ToArray();
        var rows = moments.Select(_ => NextRequest(random)).ToArray();
        var service = _plan.Service;
        var request = service.RequestValues.Select((_, index) => rows.Select(row => row[index]).ToArray()).ToArray();
        var columns = service.Columns.Select(static _ => new FeatureValue[Rows]).ToArray();

        _plan.RunTransforms(moments, request, columns);

        var cells = new FeatureCell[service.Columns.Count];
        var (values, nulls) = (0, 0);
        for (var row = 0; row < Rows; row++)
        {
            _plan.FillRequest(rows[row], cells);
            _plan.RunTransforms(moments[row], rows[row], cells);
            for (var column = 0; column < cells.Length; column++)
            {
                if (service.Columns[column].Transform < 0)
                {
                    continue;
                }

                Assert.True(cells[column].Value == columns[column][row], $"{service.Transforms[service.Columns[column].Transform].Expression}: {cells[column].Value} and {columns[column][row]}");
                (values, nulls) = cells[column].Value.IsNull ? (values, nulls + 1) : (values + 1, nulls);
            }
        }

        Assert.True(values > Rows * 10 && nulls > Rows, $"{values} values, {nulls} nulls");
    }

    private static string Yaml() => $"""
        version: 1
        feature_services:
          - name: columns
            request:
              - {"{"} name: n, type: int64, default: 0 {"}"}
              - {"{"} name: m, type: int64 {"}"}
              - {"{"} name: x, type: float64 {"}"}
              - {"{"} name: y, type: float64 {"}"}
              - {"{"} name: s, type: string {"}"}
              - {"{"} name: t, type: string {"}"}
              - {"{"} name: flag, type: bool {"}"}
            transforms:
        {string.Join('\n', Expressions.Select(static (item, index) => string.Create(CultureInfo.InvariantCulture, $"      - {{ name: t{index}, type: {item.Type}, expression: \"{item.Expression}\" }}")))}
            features: [m, {string.Join(", ", Expressions.Select(static (_, index) => index).Where(static index => index != 1).Select(static index => $"t{index}"))}]
        """;

    private static FeatureValue[] NextRequest(Random random)
    {
        double[] numbers = [0, -0.0, 1, -1.5, 2, 1e300, double.NaN, double.PositiveInfinity];
        string[] texts = ["", "a", " Ab ", "ça va", "a😀b", "aaa"];
        return
        [
            Maybe(FeatureValue.FromInt64(random.Next(-3, 5))),
            Maybe(FeatureValue.FromInt64(random.Next(2) == 0 ? long.MaxValue : random.Next(9))),
            Maybe(FeatureValue.FromFloat64(numbers[random.Next(numbers.Length)])),
            Maybe(FeatureValue.FromFloat64(numbers[random.Next(numbers.Length)])),
            Maybe(FeatureValue.FromString(texts[random.Next(texts.Length)])),
            Maybe(FeatureValue.FromString(texts[random.Next(texts.Length)])),
            Maybe(FeatureValue.FromBool(random.Next(2) == 0)),
        ];

        FeatureValue Maybe(FeatureValue value) => random.Next(7) == 0 ? FeatureValue.Null(value.Type) : value;
    }
}
