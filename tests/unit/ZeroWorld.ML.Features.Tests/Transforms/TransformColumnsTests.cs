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

    [Theory]
    [InlineData(2)]
    [InlineData(500)]
    [InlineData(700)]
    public void RunTransforms_ManyRows_HaveTheBitsOfEachAlone(int rows)
    {
        var random = new Random(7);
        var moments = Enumerable.Range(0, rows).Select(_ => random.NextInt64(-4_000_000_000_000_000, 4_000_000_000_000_000)).ToArray();
        var requests = moments.Select(_ => NextRequest(random)).ToArray();
        var service = _plan.Service;
        var columns = _plan.CreateTransformColumns(rows);
        for (var index = 0; index < service.RequestValues.Count; index++)
        {
            for (var row = 0; row < rows && !columns.Request(index).IsEmpty; row++)
            {
                columns.Request(index)[row] = requests[row][index];
            }
        }

        var together = new FeatureCell[rows * service.Columns.Count];
        _plan.RunTransforms(moments, columns);
        _plan.RunTransforms(moments, requests.SelectMany(static request => request).ToArray(), together);

        var alone = new FeatureCell[service.Columns.Count];
        var (values, nulls) = (0, 0);
        for (var row = 0; row < rows; row++)
        {
            _plan.BuildRow(moments[row], requests[row], [], alone);
            for (var column = 0; column < alone.Length; column++)
            {
                if (service.Columns[column].Transform < 0)
                {
                    continue;
                }

                var text = service.Transforms[service.Columns[column].Transform].Expression;
                Assert.True(alone[column] == together[(row * alone.Length) + column], $"{text}: {alone[column]} and {together[(row * alone.Length) + column]}");
                Assert.True(alone[column].Value == columns.Column(column)[row], $"{text}: {alone[column].Value} and {columns.Column(column)[row]}");
                (values, nulls) = alone[column].Value.IsNull ? (values, nulls + 1) : (values + 1, nulls);
            }
        }

        Assert.True(values > rows * 10 && nulls > rows, $"{values} values, {nulls} nulls");
    }

    [Fact]
    public void RunTransforms_ListsOfAView_AreVectors()
    {
        const string Text = """
            version: 1
            entities: [{ name: card, keys: [{ name: card_id, type: int64 }] }]
            feature_views:
              - name: recent
                entity: card
                source: { table: t, event_time: at, event_id: id }
                window: {}
                features:
                  - { name: amounts, aggregate: last_k, k: 2, of: amount, window: 1h }
                  - { name: shops, aggregate: last_k, k: 2, of: shop, type: string, window: 1h }
            feature_services:
              - name: vectors
                transforms:
                  - { name: length_of, type: float64, expression: norm(amounts) }
                  - { name: likeness, type: float64, expression: "dot(amounts, vector(1, 10))" }
                  - { name: last_shop, type: string, expression: "element(shops, 1)" }
                  - { name: count_of, type: int64, expression: size(shops) }
                features: [recent.*, length_of, likeness, last_shop, count_of]
            """;
        var plan = new FeatureServicePlan(DefinitionLoader.Load([new DefinitionFile("vectors.yaml", Text)]).GetService("vectors"), static _ => true);
        var row = new FeatureCell[plan.Service.Columns.Count];
        row[0] = FeatureCell.Of(FeatureValue.FromFloat64List([3, 4]));
        row[1] = FeatureCell.Of(FeatureValue.FromStringList(["b", "a", "c"]));

        plan.RunTransforms(0, [], row);

        Assert.Equal(["5", "43", "b", "3"], row.Skip(2).Select(static cell => cell.Value.ToString()));
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
