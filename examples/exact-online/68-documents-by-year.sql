-- Question: How many documents do we keep, by the year that they are of?
-- Calls: at most 2
SELECT Division, year(DocumentDate) AS year, count(*) AS documents
FROM documents.Documents
WHERE DocumentDate IS NOT NULL
GROUP BY ALL
ORDER BY ALL
